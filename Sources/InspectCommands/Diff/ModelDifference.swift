import MoEFormat
import MoESystem

/// All that is different between two models: what they say about themselves, their tensors' names, types, shapes and values.
///
/// How tensors are stored (order, blocks, chunks, encodings, sharing of equal ones) is no difference.
struct ModelDifference {
    let a: ModelFile
    let b: ModelFile
    private(set) var metadata: [MetadataDifference] = []
    private(set) var onlyInA: [(name: String, tensor: Tensor)] = []
    private(set) var onlyInB: [(name: String, tensor: Tensor)] = []
    private(set) var tensors: [TensorDifference] = []
    /// Names that both have.
    private(set) var common = 0

    var isEmpty: Bool { metadata.isEmpty && onlyInA.isEmpty && onlyInB.isEmpty && tensors.isEmpty }

    /// Compares two files.
    ///
    /// - Parameter progress: given the decoded bytes that there are to compare, makes what is told how many are done.
    /// - Throws: `DiffFailure` when a directory cannot be read; a damaged tensor is a difference.
    /// - Complexity: O(tensors), and O(size) of those whose content hashes differ.
    init(
        _ a: ModelFile, _ b: ModelFile, workers: Workers, progress: (UInt64) -> @Sendable (UInt64) -> Void
    ) throws(DiffFailure) {
        self.a = a
        self.b = b
        let left = try DiffFailure.of(a) { (file) throws(FormatError) in try NamedTensors(of: file) }
        let right = try DiffFailure.of(b) { (file) throws(FormatError) in try NamedTensors(of: file) }
        let facts = try DiffFailure.of(a) { (file) throws(FormatError) in try ModelFacts(of: file) }
        metadata = facts.differences(
            from: try DiffFailure.of(b) { (file) throws(FormatError) in try ModelFacts(of: file) })
        var pairs: [Pair] = []
        for name in left.names {
            guard let index = left[name] else { continue }
            let tensor = try DiffFailure.of(a) { (file) throws(FormatError) in try file.tensor(at: index) }
            guard let other = right[name] else {
                onlyInA.append((name, tensor))
                continue
            }
            common += 1
            let pair = Pair(
                name: name, a: tensor,
                b: try DiffFailure.of(b) { (file) throws(FormatError) in try file.tensor(at: other) },
                isPlacedElsewhere: left.placements[index] != right.placements[other])
            if pair.differs { pairs.append(pair) }
        }
        for name in right.names where left[name] == nil {
            guard let index = right[name] else { continue }
            onlyInB.append(
                (name, try DiffFailure.of(b) { (file) throws(FormatError) in try file.tensor(at: index) }))
        }
        tensors = try Self.compare(pairs, a, b, workers: workers, progress: progress)
    }

    /// Tensors of one name.
    private struct Pair {
        let name: String
        let a: Tensor
        let b: Tensor
        let isPlacedElsewhere: Bool

        var hasSameBytes: Bool { a.contentHash == b.contentHash && a.byteCount == b.byteCount }
        var differs: Bool { !hasSameBytes || a.dtype != b.dtype || a.shape != b.shape || isPlacedElsewhere }
        /// Bytes to decode.
        var work: UInt64 { hasSameBytes || a.shape != b.shape ? 0 : a.byteCount.addingClamped(b.byteCount) }
    }

    private static func compare(
        _ pairs: [Pair], _ a: ModelFile, _ b: ModelFile, workers: Workers,
        progress: (UInt64) -> @Sendable (UInt64) -> Void
    ) throws(DiffFailure) -> [TensorDifference] {
        let report = progress(pairs.reduce(0) { $0.addingClamped($1.work) })
        let state = Locked((done: UInt64(0), found: [TensorDifference?](repeating: nil, count: pairs.count)))
        do {
            try workers.forEach(pairs.count) { index in
                let pair = pairs[index]
                let difference = TensorDifference(
                    name: pair.name, a: pair.a, b: pair.b, isPlacedElsewhere: pair.isPlacedElsewhere,
                    content: try content(of: pair, a, b))
                report(
                    state.withLock { state in
                        state.found[index] = difference
                        state.done = state.done.addingClamped(pair.work)
                        return state.done
                    })
            }
        } catch let failure as DiffFailure {
            throw failure
        } catch {
            throw DiffFailure(path: a.path, error: .limit("\(error)"))
        }
        return state.withLock { $0.found.compactMap(\.self) }
    }

    private static func content(of pair: Pair, _ a: ModelFile, _ b: ModelFile) throws(DiffFailure)
        -> TensorDifference.Content
    {
        if pair.hasSameBytes { return .same }
        guard pair.a.shape == pair.b.shape else { return .incomparable("other shapes") }
        func refused(_ error: FormatError, by file: ModelFile) throws(DiffFailure) -> TensorDifference.Content {
            switch error.kind {
            case .unsupported: return .incomparable(error.message)
            case .damaged: return .damaged(path: file.path, error)
            case .io, .usage, .limit: throw DiffFailure(path: file.path, error: error)
            }
        }
        do throws(ValueDifference.Failure) {
            return .values(try ValueDifference((pair.a, a), (pair.b, b)))
        } catch {
            switch error {
            case .inFirst(let error): return try refused(error, by: a)
            case .inSecond(let error): return try refused(error, by: b)
            case .counts(let a, let b): return .incomparable("\(a) and \(b) values an equal shape")
            }
        }
    }
}

/// An error with the file that it is about.
struct DiffFailure: Error {
    let path: String
    let error: FormatError

    static func of<Value>(_ file: ModelFile, _ body: (ModelFile) throws(FormatError) -> Value) throws(DiffFailure)
        -> Value
    {
        do throws(FormatError) { return try body(file) } catch { throw DiffFailure(path: file.path, error: error) }
    }
}
