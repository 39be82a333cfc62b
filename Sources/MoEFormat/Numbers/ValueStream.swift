/// The values of a tensor, or of some of its parts, one after another in C order.
///
/// Chunks are read and decoded as they are needed, each once: memory is one chunk, and the scales of one part, whatever the
/// tensor's size. Owned by one thread at a time.
package struct ValueStream {
    /// What a quantised element counts as.
    package enum Meaning: Sendable {
        /// What the runtime computes with: codes times their scales.
        case value
        /// The code alone.
        case code
    }

    /// Values in all; of packed codes two an element.
    package let count: UInt64
    private let file: ModelFile
    private let tensor: Tensor
    private let meaning: Meaning
    private var parts: ArraySlice<Part>
    private var current: Current?
    private let observePlanes: (([Int]) -> Void)?

    /// The part that is being read. Safe: `bytes` are the reader's, which lives beside them, and are replaced with every chunk.
    @safe private struct Current {
        let format: NumberFormat
        let scales: ScaleGrid?
        let chunks: ChunkReader
        var nextChunk: UInt64 = 0
        var bytes: UnsafeRawBufferPointer
        /// Values of the chunk, those already given, and those of earlier chunks.
        var chunkValues = 0
        var given = 0
        var before: UInt64 = 0
    }

    /// - Parameters:
    ///   - parts: of the tensor, ascending; nil for all.
    ///   - observePlanes: told the stored lengths of each chunk's planes, once the chunk is decoded.
    /// - Throws: `FormatError`; of kind `unsupported` when the elements are no numbers.
    package init(
        _ tensor: Tensor, parts: [Part]? = nil, of file: ModelFile, as meaning: Meaning = .value,
        observePlanes: (([Int]) -> Void)? = nil
    ) throws(FormatError) {
        self.file = file
        self.tensor = tensor
        self.meaning = meaning
        self.observePlanes = observePlanes
        let chosen = if let parts { parts } else { try file.parts(of: tensor) }
        self.parts = chosen[...]
        var count: UInt64? = 0
        for part in chosen {
            let format = try Self.format(of: part, tensor: tensor, in: file, meaning: meaning)
            count = (part.elementCount *? UInt64(format.valuesPerElement)).flatMap { values in
                count.flatMap { $0 +? values }
            }
        }
        guard let count else { throw .limit("the tensor has more values than can be counted") }
        self.count = count
    }

    /// Writes the next values to the front of `buffer`: as many as it holds, fewer only at the end.
    ///
    /// - Returns: how many were written; 0 at the end.
    /// - Throws: `FormatError`; by R71 to R73 for a damaged chunk.
    package mutating func read(into buffer: inout [Double]) throws(FormatError) -> Int {
        var filled = 0
        while filled < buffer.count {
            guard try advance(), var part = current else { break }
            let run = min(buffer.count - filled, part.chunkValues - part.given)
            let start = part.given
            unsafe buffer.withUnsafeMutableBufferPointer { buffer in
                let target = unsafe UnsafeMutableBufferPointer(rebasing: buffer[filled..<filled + run])
                unsafe part.format.read(part.bytes, from: start, count: run, into: target)
            }
            part.scales?.apply(to: &buffer, at: filled, count: run, from: part.before + UInt64(start))
            part.given += run
            filled += run
            current = part
        }
        return filled
    }

    /// Makes sure that the current chunk has values left; false at the end.
    private mutating func advance() throws(FormatError) -> Bool {
        while true {
            if var part = current {
                if part.given < part.chunkValues { return true }
                if part.nextChunk < part.chunks.chunkCount {
                    part.before += UInt64(part.chunkValues)
                    unsafe part.bytes = try part.chunks.decode(chunk: part.nextChunk, observe: observePlanes)
                    part.chunkValues =
                        part.chunks.elementCount(ofChunk: part.nextChunk) * part.format.valuesPerElement
                    part.given = 0
                    part.nextChunk += 1
                    current = part
                    continue
                }
            }
            guard let next = parts.popFirst() else {
                current = nil
                return false
            }
            unsafe current = Current(
                format: try Self.format(of: next, tensor: tensor, in: file, meaning: meaning),
                scales: meaning == .value ? try ScaleGrid(of: next, dtype: tensor.dtype, in: file) : nil,
                chunks: try ChunkReader(next, of: file), bytes: UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    private static func format(of part: Part, tensor: Tensor, in file: ModelFile, meaning: Meaning) throws(FormatError)
        -> NumberFormat
    {
        let scheme = file.scheme(of: part)
        // The codes of a scheme that this version does not know are what their dtype says.
        let format = scheme.flatMap { NumberFormat(tensor.dtype, scheme: $0) } ?? NumberFormat(tensor.dtype)
        guard let format else { throw .unsupported("elements of dtype \(tensor.dtype) are no numbers") }
        return format
    }
}
