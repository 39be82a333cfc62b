/// What one thread needs to decode chunks: a decompressor and buffers that stay from chunk to chunk.
package final class ChunkDecoder {
    private var inflater: Inflater?
    /// The stored chunk, and two places for results on their way through the filters.
    let stored = GrowingBuffer()
    let front = GrowingBuffer()
    let back = GrowingBuffer()

    package init() {}

    func inflate(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(HDF5Error) -> Int {
        if let inflater { return try unsafe inflater.inflate(input, into: output) }
        let inflater = try Inflater()
        self.inflater = inflater
        return try unsafe inflater.inflate(input, into: output)
    }
}

/// Memory that grows to the largest size asked for and is kept.
@safe final class GrowingBuffer {
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    deinit { unsafe memory.deallocate() }

    /// The first `count` bytes, with no particular content; valid until the next call.
    func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe memory.count < count {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: count, alignment: 64)
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    }
}
