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

    /// The filters that were left out for a chunk, as a mask.
    func mask(of chunk: HDF5Chunk) -> UInt32 {
        storage.leavesPartialChunksUnfiltered && grid.isPartial(chunk.index) ? .max : chunk.filterMask
    }

    /// The indices of the chunks that a box reaches into: consecutive for the boxes of `HDF5Box.covering`, which are one
    /// chunk thick on the axes before their longest and whole on those behind.
    func indices(touching box: HDF5Box) -> ClosedRange<UInt64> {
        let first = zip(box.start, grid.chunkDimensions).map { $0 / $1 }
        let last = box.start.indices.map { (box.start[$0] &+ box.extent[$0] &- 1) / grid.chunkDimensions[$0] }
        return grid.index(at: first)...max(grid.index(at: first), grid.index(at: last))
    }

    /// The stored chunks of a range of indices, as a range of `storage.chunks`. O(log chunks).
    func stored(_ indices: ClosedRange<UInt64>) -> Range<Int> {
        let first = firstStored(from: indices.lowerBound)
        return
            first..<max(
                first, indices.upperBound == .max ? storage.chunks.count : firstStored(from: indices.upperBound + 1))
    }

    private func firstStored(from index: UInt64) -> Int {
        var low = 0
        var high = storage.chunks.count
        while low < high {
            let middle = low + (high - low) / 2
            if storage.chunks[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
