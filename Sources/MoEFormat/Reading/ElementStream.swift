/// The bytes of a run of a tensor's elements, little-endian and in C order, chunk after chunk.
///
/// Each chunk is read, checked and decoded once: memory is a few times one chunk, whatever the tensor's size. Owned by one thread
/// at a time.
package struct ElementStream {
    /// Bytes in all.
    package let byteCount: UInt64
    private let file: ModelFile
    private let elements: Range<UInt64>
    private var parts: ArraySlice<Part>
    private var current: Current?

    /// The part that is being read, and the chunks of it that are still to come.
    private struct Current {
        let part: Part
        let chunks: ChunkReader
        var waiting: Range<UInt64>
    }

    /// - Throws: `FormatError`; of kind `usage` when the tensor has no such elements, of kind `unsupported` for a dtype or encoding
    ///   of a later version. All that the directory says about the elements is checked here.
    package init(of tensor: Tensor, elements: Range<UInt64>, in file: ModelFile) throws(FormatError) {
        guard let width = tensor.dtype.byteCount else {
            throw .unsupported("the tensor has dtype \(tensor.dtype), which this version does not know", rule: .dtype)
        }
        guard elements.upperBound <= tensor.elementCount, let bytes = UInt64(elements.count) *? UInt64(width) else {
            throw .usage("elements \(elements) of \(tensor.elementCount)")
        }
        byteCount = bytes
        self.file = file
        self.elements = elements
        var parts: [Part] = []
        for part in try file.parts(of: tensor) {
            let start = part.record.startElement
            guard !elements.clamped(to: start..<start + part.elementCount).isEmpty else { continue }
            _ = try part.form(dtype: tensor.dtype)
            _ = try file.block(of: part)
            parts.append(part)
        }
        self.parts = parts[...]
    }

    /// The next bytes; nil at the end.
    ///
    /// - Throws: `FormatError`; by R71 to R73 for a damaged chunk.
    package mutating func next() throws(FormatError) -> [UInt8]? {
        while true {
            if var reading = current, let chunk = reading.waiting.first {
                reading.waiting = chunk + 1..<reading.waiting.upperBound
                current = reading
                let bytes = try unsafe reading.chunks.decode(chunk: chunk)
                let range = reading.part.chunking.range(of: chunk)
                let wanted = wanted(of: reading.part).clamped(to: range)
                let width = unsafe bytes.count / range.count
                let first = Int(wanted.lowerBound - range.lowerBound) * width
                return unsafe Array(bytes[first..<first + wanted.count * width])
            }
            guard let part = parts.popFirst() else {
                current = nil
                return nil
            }
            let wanted = wanted(of: part)
            let first = part.chunking.chunk(holding: wanted.lowerBound)
            let last = part.chunking.chunk(holding: wanted.upperBound - 1)
            current = Current(part: part, chunks: try ChunkReader(part, of: file), waiting: first..<last + 1)
        }
    }

    /// The elements of a part that are asked for, counted from its first one.
    private func wanted(of part: Part) -> Range<UInt64> {
        let start = part.record.startElement
        let wanted = elements.clamped(to: start..<start + part.elementCount)
        return wanted.lowerBound - start..<wanted.upperBound - start
    }
}
