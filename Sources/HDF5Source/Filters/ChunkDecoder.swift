/// What one thread needs to decode chunks: a decompressor and buffers that stay from chunk to chunk.
package final class ChunkDecoder {
    private var inflater: Inflater?
    /// The stored chunk, and two places for results on their way through the filters.
    let stored = GrowingBuffer()
    let front = GrowingBuffer()
    let back = GrowingBuffer()

    package init() {}

    /// Gives memory back that a large chunk took.
    func releaseLarge() {
        for buffer in [stored, front, back] { buffer.release(above: Self.keptBytes) }
    }

    /// Gives the stored chunk's memory back when it is large and no longer needed.
    func releaseStored() { stored.release(above: Self.keptBytes) }

    /// Bytes that each buffer keeps from chunk to chunk: a page fault every 4 KiB costs more than decoding small chunks.
    private static let keptBytes = 4 << 20

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

    /// Frees the memory if it is larger than `limit`.
    func release(above limit: Int) {
        guard unsafe memory.count > limit else { return }
        unsafe memory.deallocate()
        unsafe memory = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    /// The first `count` bytes, with no particular content; valid until the next call.
    func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe memory.count < count {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: count, alignment: 64)
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
    }
}
