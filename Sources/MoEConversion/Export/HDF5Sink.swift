import HDF5Source
import MoEFormat
import MoESystem

/// An HDF5 file that a checkpoint is written to: the one it came from, where that is known, otherwise one of its own.
final class HDF5Sink: ExportSink {
    let order: [Int]
    /// What does not come back, a line each.
    let notes: [String]
    /// Tensors that hold references, which are other bytes in the new file.
    let translated: Set<Int>
    private let writer: HDF5Writer
    private let targets: [[Target]]
    /// Which of a tensor's datasets is being written.
    private var current: [Int: Int] = [:]

    /// A dataset that a tensor is written to; equal ones may share a tensor.
    private struct Target {
        var object: Int
        /// Whether its elements lie one after another in the tensor: SPEC.md §10.1.
        var isSerialized = false
        var elementCount: UInt64
    }

    /// Creates the file with all but elements.
    init(_ checkpoint: any Checkpoint, to output: AtomicOutput) throws(ConversionError) {
        let tensors = checkpoint.tensors
        var targets = [[Target]](repeating: [], count: tensors.count)
        let blueprint: HDF5Blueprint
        if case .hdf5(let origin) = try checkpoint.decodedSource() {
            blueprint = try HDF5Blueprint(origin)
            for (number, object) in origin.objects.enumerated() {
                guard let tensor = object.tensor, case .dataset(let dataset) = blueprint.objects[number].kind else {
                    continue
                }
                guard tensors.indices.contains(tensor) else {
                    throw .damaged("the source section names tensor \(tensor) of \(tensors.count)")
                }
                let count = dataset.dataspace.space.elementCount ?? 0
                guard object.isSerialized || count == tensors[tensor].countedElements else {
                    throw .damaged(
                        "the source section gives tensor \(tensors[tensor].name) \(count) elements, not \(tensors[tensor].countedElements)"
                    )
                }
                targets[tensor].append(Target(object: number, isSerialized: object.isSerialized, elementCount: count))
            }
        } else {
            let (made, numbers) = try HDF5Blueprint.holding(tensors, aliases: checkpoint.aliases)
            blueprint = made
            for (tensor, object) in numbers.enumerated() {
                targets[tensor] = [Target(object: object, elementCount: tensors[tensor].countedElements)]
            }
        }
        do throws(HDF5Error) {
            writer = try HDF5Writer(output.openingPath, blueprint)
        } catch {
            throw ConversionError(error)
        }
        let writer = writer
        for tensor in targets.indices { targets[tensor].removeAll { !writer.contains($0.object) } }
        self.targets = targets
        translated = Set(tensors.indices.filter { targets[$0].contains { writer.holdsReferences($0.object) } })
        // In the order of the file's objects, so that what lies together is written together.
        order = targets.enumerated().flatMap { tensor, list in list.map { (tensor, $0.object) } }.sorted { $0.1 < $1.1 }
            .map(\.0)
        let left = targets.count { $0.isEmpty }
        notes =
            left == 0
            ? []
            : [
                "\(left) tensors came from other files through external links: the links are written, the tensors are not"
            ]
    }

    func takesWhole(_ tensor: Int) -> Bool { targets[tensor].contains(where: \.isSerialized) }

    func write(_ bytes: UnsafeMutableRawBufferPointer, tensor: Int, elements: Range<UInt64>) throws(ConversionError) {
        // A tensor with several datasets comes once for each.
        if elements.lowerBound == 0 { current[tensor] = current[tensor].map { $0 + 1 } ?? 0 }
        guard let number = current[tensor], targets[tensor].indices.contains(number) else {
            throw ConversionError(.io, "a tensor came more often than its datasets")
        }
        let target = targets[tensor][number]
        do throws(HDF5Error) {
            try unsafe writer.write(
                bytes, to: target.object, elements: target.isSerialized ? 0..<target.elementCount : elements)
        } catch {
            throw ConversionError(error)
        }
    }

    func finish() throws(ConversionError) {
        do throws(HDF5Error) { try writer.finish() } catch { throw ConversionError(error) }
    }
}

extension Checkpoint {
    /// The source section, read.
    func decodedSource() throws(ConversionError) -> SourceSection? {
        guard let bytes = try sourceSection() else { return nil }
        do throws(FormatError) { return try SourceSection(decoding: bytes) } catch {
            throw ConversionError(reading: error)
        }
    }
}
