/// A dataset's chunks, and which of them elements lie in.
package struct HDF5ChunkSource: Sendable {
    package let storage: HDF5ChunkedStorage
    package let grid: HDF5ChunkGrid
    package let support: ChunkFilterPipeline.Support
    /// Bytes of one decoded chunk.
    package let chunkBytes: Int

    init(_ storage: HDF5ChunkedStorage, dimensions: [UInt64], elementSize: Int) throws(HDF5Error) {
        guard let grid = HDF5ChunkGrid(dimensions: dimensions, chunkDimensions: storage.chunkDimensions),
            let chunkBytes = storage.chunkByteCount(elementSize: elementSize)
        else { throw .damaged("its chunks do not fit its shape") }
        self.storage = storage
        self.grid = grid
        self.chunkBytes = chunkBytes
        support = try ChunkFilterPipeline.support(for: storage, elementSize: elementSize)
    }

    /// The stored chunk of an index; nil when it was never written. O(log chunks).
    package func chunk(_ index: UInt64) -> HDF5Chunk? {
        var low = 0
        var high = storage.chunks.count
        while low < high {
            let middle = low + (high - low) / 2
            if storage.chunks[middle].index < index { low = middle + 1 } else { high = middle }
        }
        guard low < storage.chunks.count, storage.chunks[low].index == index else { return nil }
        return storage.chunks[low]
    }

    /// The filters that were left out for a chunk, as a mask.
    func mask(of chunk: HDF5Chunk) -> UInt32 {
        storage.leavesPartialChunksUnfiltered && grid.isPartial(chunk.index) ? .max : chunk.filterMask
    }

    /// The chunks that a box reaches into, in C order.
    func positions(touching box: HDF5Box) -> ChunkPositions {
        let first = zip(box.start, grid.chunkDimensions).map { $0 / $1 }
        let last = box.start.indices.map { (box.start[$0] &+ box.extent[$0] &- 1) / grid.chunkDimensions[$0] }
        return ChunkPositions(first: first, last: last)
    }
}

/// All grid positions between two corners, in C order.
struct ChunkPositions: Sequence, IteratorProtocol {
    private let first: [UInt64]
    private let last: [UInt64]
    private var next_: [UInt64]?

    init(first: [UInt64], last: [UInt64]) {
        self.first = first
        self.last = last
        next_ = first
    }

    mutating func next() -> [UInt64]? {
        guard let position = next_ else { return nil }
        var following = position
        var axis = following.count - 1
        while axis >= 0 {
            if following[axis] < last[axis] {
                following[axis] += 1
                next_ = following
                return position
            }
            following[axis] = first[axis]
            axis -= 1
        }
        next_ = nil
        return position
    }
}
