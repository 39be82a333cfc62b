import MoEFormat
import MoESystem

/// All that a report shows of a file: every tensor, every expert, every type.
struct ModelScan {
    /// A tensor's row.
    struct Row {
        let tensor: Tensor
        let role: Role?
        let bank: Int?
        /// The expert that it belongs to; nil for none and for several.
        let expert: Int?
        let isOfSeveralExperts: Bool
        let storedBytes: UInt64
        /// nil when weights were not decoded, or are no numbers.
        let summary: ValueSummary?
    }

    /// An expert's cell.
    struct Expert {
        var storedBytes: UInt64 = 0
        var decodedBytes: UInt64 = 0
        var summaries: [Role: ValueSummary] = [:]
    }

    /// How the parts of a dtype are stored.
    struct Storage {
        var decodedBytes: UInt64 = 0
        var storedBytes: UInt64 = 0
        /// Of parts stored as planes: decoded bytes, and stored ones of each plane, least significant first.
        var decodedInPlanes: UInt64 = 0
        var planes: [UInt64] = []
    }

    let file: ModelFile
    let decodes: Bool
    /// Of all files of a set.
    let fileBytes: UInt64
    private(set) var rows: [Row] = []
    /// [bank][expert].
    private(set) var experts: [[Expert]]
    private(set) var storage: [(dtype: Dtype, storage: Storage)] = []

    /// Reads the directory and, when `decodes`, every weight.
    ///
    /// - Throws: `FormatError` for a damaged file.
    /// - Complexity: O(parts), and O(file) when weights are decoded. Memory: O(parts) and a chunk for each worker.
    init(
        of file: ModelFile, decodes: Bool, workers: Workers, progress: @escaping @Sendable (UInt64) -> Void
    ) throws(FormatError) {
        self.file = file
        self.decodes = decodes
        fileBytes = try file.byteCountOfSet()
        experts = file.banks.map { Array(repeating: Expert(), count: $0.expertCount) }
        let blocks = try Self.contents(of: file, decodes: decodes, workers: workers, progress: progress)
        var parts = [[(block: Block, contents: PartContents)]](repeating: [], count: file.tensorCount)
        var positions: [Dtype: Int] = [:]
        for (block, contents) in blocks {
            for (part, dtype) in zip(contents, block.dtypes) {
                parts[part.part.tensor].append((block, part))
                let position = positions[dtype] ?? storage.count
                if position == storage.count { storage.append((dtype, Storage())) }
                positions[dtype] = position
                storage[position].storage.add(part, of: dtype)
                if block.record.kind == BlockKind.expert.rawValue {
                    experts[Int(block.record.bank)][Int(block.record.expert)].add(part, of: dtype)
                }
            }
        }
        for index in 0..<file.tensorCount { rows.append(Row(try file.tensor(at: index), parts: parts[index])) }
    }

    private static func contents(
        of file: ModelFile, decodes: Bool, workers: Workers, progress: @escaping @Sendable (UInt64) -> Void
    ) throws(FormatError) -> [(Block, [PartContents])] {
        let count = file.blockCount
        let state = Locked((done: UInt64(0), found: [(Block, [PartContents])?](repeating: nil, count: count)))
        do {
            try workers.forEach(count) { index in
                let block = try file.block(at: index)
                let contents = try block.parts.map { part in
                    decodes ? try PartContents(decoding: part, in: file) : PartContents(undecoded: part)
                }
                progress(
                    state.withLock { state in
                        state.found[index] = (block, contents)
                        state.done = state.done.addingClamped(block.record.decodedLength)
                        return state.done
                    })
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw FormatError(.limit, "\(error)")
        }
        return state.withLock { $0.found.compactMap(\.self) }
    }
}

extension ModelScan.Row {
    fileprivate init(_ tensor: Tensor, parts: [(block: Block, contents: PartContents)]) {
        self.tensor = tensor
        let first = parts.first?.block.record
        role = parts.first?.contents.part.role
        bank = first.flatMap { $0.bank == none32 ? nil : Int($0.bank) }
        let experts = Set(
            parts.filter { $0.block.record.kind == BlockKind.expert.rawValue }.map { Int($0.block.record.expert) })
        expert = experts.count == 1 ? experts.first : nil
        isOfSeveralExperts = experts.count > 1
        storedBytes = parts.reduce(0) { $0.addingClamped($1.contents.part.record.storedLength) }
        let summaries = parts.compactMap(\.contents.summary)
        summary =
            summaries.isEmpty || summaries.count < parts.count
            ? nil : summaries.reduce(into: ValueSummary()) { $0.merge($1) }
    }
}

extension ModelScan.Expert {
    fileprivate mutating func add(_ part: PartContents, of dtype: Dtype) {
        storedBytes = storedBytes.addingClamped(part.part.record.storedLength)
        decodedBytes = decodedBytes.addingClamped(part.part.byteCount(of: dtype))
        // Scales are in the weights that they are for.
        guard part.part.role != .scale, let summary = part.summary else { return }
        summaries[part.part.role.known, default: ValueSummary()].merge(summary)
    }

    /// The Frobenius norm of all its weights; nil when none was decoded.
    var norm: Double? {
        guard !summaries.isEmpty else { return nil }
        return summaries.sorted { $0.key.rawValue < $1.key.rawValue }
            .reduce(into: ValueSummary()) { $0.merge($1.value) }.norm
    }
}

extension ModelScan.Storage {
    fileprivate mutating func add(_ part: PartContents, of dtype: Dtype) {
        let (decoded, elementBytes) = (part.part.byteCount(of: dtype), dtype.byteCount ?? 0)
        decodedBytes = decodedBytes.addingClamped(decoded)
        storedBytes = storedBytes.addingClamped(part.part.record.storedLength)
        guard part.part.record.encoding == Encoding.planes.rawValue, part.planes.count == elementBytes else { return }
        decodedInPlanes = decodedInPlanes.addingClamped(decoded)
        if planes.isEmpty { planes = Array(repeating: 0, count: elementBytes) }
        for (plane, length) in part.planes.enumerated() { planes[plane] = planes[plane].addingClamped(length) }
    }
}
