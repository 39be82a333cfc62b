import HDF5Source
import MoEFormat

/// An HDF5 file that a checkpoint is written to: the one it came from, where that is known, otherwise one of its own.
final class HDF5Sink: ExportSink {
    let order: [Int]
    /// What does not come back, a line each.
    let notes: [String]
    /// Tensors that hold references, which are other bytes in the new file.
    let translated: Set<Int>
    private let writer: HDF5Writer
    private let objects: [Int?]
    private let serialized: Set<Int>
    private let elementCounts: [UInt64]

    /// Creates the file at `path` with all but elements.
    init(_ checkpoint: any Checkpoint, at path: String) throws(ConversionError) {
        let tensors = checkpoint.tensors
        var objects = [Int?](repeating: nil, count: tensors.count)
        var serialized: Set<Int> = []
        var counts = tensors.map(\.countedElements)
        let blueprint: HDF5Blueprint
        if case .hdf5(let origin) = try checkpoint.decodedSource() {
            blueprint = try HDF5Blueprint(origin)
            for (number, object) in origin.objects.enumerated() {
                guard let tensor = object.tensor, object.kind == .dataset, case .dataset(let dataset) = blueprint.objects[number].kind else { continue }
                guard tensors.indices.contains(tensor) else { throw .damaged("the source section names tensor \(tensor) of \(tensors.count)") }
                objects[tensor] = number
                let count = dataset.dataspace.elementCount ?? 0
                if object.isSerialized {
                    serialized.insert(tensor)
                } else if count != counts[tensor] {
                    throw .damaged("the source section gives tensor \(tensors[tensor].name) \(count) elements, not \(counts[tensor])")
                }
                counts[tensor] = count
            }
        } else {
            let (made, numbers) = try HDF5Blueprint.holding(tensors, aliases: checkpoint.aliases)
            blueprint = made
            objects = numbers
        }
        do throws(HDF5Error) {
            writer = try HDF5Writer(path, blueprint)
        } catch {
            throw ConversionError(error)
        }
        self.objects = objects
        self.serialized = serialized
        elementCounts = counts
        let writer = writer
        translated = Set(tensors.indices.filter { index in objects[index].map { writer.holdsReferences($0) } ?? false })
        // In the order of the file's objects, so that what lies together is written together.
        order = tensors.indices.filter { index in objects[index].map { writer.contains($0) } ?? false }
            .sorted { (objects[$0] ?? 0) < (objects[$1] ?? 0) }
        let left = tensors.count - order.count
        notes = left == 0 ? [] : ["\(left) tensors came from other files through external links: the links are written, the tensors are not"]
    }

    func takesWhole(_ tensor: Int) -> Bool { serialized.contains(tensor) }

    func write(_ bytes: UnsafeMutableRawBufferPointer, tensor: Int, elements: Range<UInt64>) throws(ConversionError) {
        guard let object = objects[tensor] else { return }
        do throws(HDF5Error) {
            try unsafe writer.write(bytes, to: object, elements: serialized.contains(tensor) ? 0..<elementCounts[tensor] : elements)
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
        do throws(FormatError) { return try SourceSection(decoding: bytes) } catch { throw ConversionError(reading: error) }
    }
}
