import MoEFormat

/// Compares every tensor of an exported file with the one that it was written from, by content hash.
struct ExportCheck {
    let source: any Checkpoint
    let written: any Checkpoint
    /// Tensors that are to differ: references lead to new places.
    let translated: Set<Int>
    let progress: (@Sendable (UInt64) -> Void)?

    /// - Throws: `ConversionError` of kind `io` for the first tensor that differs.
    func run() throws(ConversionError) {
        var numbers: [String: Int] = [:]
        for (number, tensor) in written.tensors.enumerated() { numbers[tensor.name] = number }
        for alias in written.aliases { numbers[alias.name] = alias.tensor }
        let reader = try source.makeReader()
        let again = try written.makeReader()
        var done: UInt64 = 0
        for (number, tensor) in source.tensors.enumerated() {
            // What lies in other files is not written, and said so.
            guard let other = numbers[tensor.name], !translated.contains(number) else { continue }
            guard written.tensors[other].byteCount == tensor.byteCount,
                try hash(number, of: source, by: reader) == hash(other, of: written, by: again)
            else { throw ConversionError(.io, "the file that was written does not check: tensor \(tensor.name) differs") }
            done += tensor.byteCount
            progress?(done)
        }
    }

    private func hash(
        _ tensor: Int, of checkpoint: any Checkpoint, by reader: any CheckpointReader
    ) throws(ConversionError) -> ContentHash {
        let hasher = ContentHasher()
        let room = ScratchBytes()
        let width = checkpoint.tensors[tensor].dtype.byteCount ?? 1
        for range in try checkpoint.readingUnits(of: tensor, targetBytes: ExportPipeline.unitBytes) {
            let bytes = unsafe room.bytes(range.count * width)
            try unsafe reader.read(tensor: tensor, elements: range, into: bytes)
            unsafe hasher.update(UnsafeRawBufferPointer(bytes))
        }
        return hasher.value
    }
}
