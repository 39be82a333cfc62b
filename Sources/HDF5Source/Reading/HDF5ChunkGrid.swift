/// The grid that chunks form over a dataset: chunk indices and coordinates, in C order.
package struct HDF5ChunkGrid: Equatable, Sendable {
    package let dimensions: [UInt64]
    package let chunkDimensions: [UInt64]
    /// Chunks along each axis, the last one perhaps partly outside.
    package let extents: [UInt64]
    /// Chunks in all.
    package let count: UInt64

    /// nil when ranks differ, a chunk dimension is 0, or the number of chunks exceeds 64 bits.
    package init?(dimensions: [UInt64], chunkDimensions: [UInt64]) {
        guard dimensions.count == chunkDimensions.count, !chunkDimensions.contains(0) else { return nil }
        self.dimensions = dimensions
        self.chunkDimensions = chunkDimensions
        extents = zip(dimensions, chunkDimensions).map { $0 / $1 + ($0 % $1 == 0 ? 0 : 1) }
        var count: UInt64 = extents.contains(0) ? 0 : 1
        for extent in extents where count > 0 {
            let (product, overflow) = count.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            count = product
        }
        self.count = count
    }

    /// The chunk's position along each axis, in chunks; `index` is below `count`.
    package func position(of index: UInt64) -> [UInt64] {
        var rest = index
        var position = [UInt64](repeating: 0, count: extents.count)
        for axis in extents.indices.reversed() where extents[axis] > 0 {
            position[axis] = rest % extents[axis]
            rest /= extents[axis]
        }
        return position
    }

    /// The coordinates of the chunk's first element.
    package func origin(of index: UInt64) -> [UInt64] {
        // Each product is below the dimension it belongs to.
        zip(position(of: index), chunkDimensions).map { $0 &* $1 }
    }

    /// The extent of the chunk that begins at `origin` without what reaches over the dataset's end.
    func extentInside(at origin: [UInt64]) -> [UInt64] {
        dimensions.indices.map { min(chunkDimensions[$0], dimensions[$0] - origin[$0]) }
    }

    package func index(at position: [UInt64]) -> UInt64 {
        var index: UInt64 = 0
        // Below `count` for positions inside the grid.
        for (axis, extent) in extents.enumerated() { index = index &* extent &+ position[axis] }
        return index
    }

    /// Whether the chunk reaches over the dataset's end.
    package func isPartial(_ index: UInt64) -> Bool {
        let position = position(of: index)
        return extents.indices.contains { axis in
            position[axis] &+ 1 == extents[axis] && dimensions[axis] % chunkDimensions[axis] != 0
        }
    }
}
