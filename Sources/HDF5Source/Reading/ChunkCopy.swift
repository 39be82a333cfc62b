/// How elements of a chunk fall into a buffer that holds a range of a dataset's elements in C order.
struct ChunkCopy {
    let dimensions: [UInt64]
    let elementSize: Int
    /// The element that the buffer begins with.
    let firstElement: UInt64

    struct Run {
        /// Bytes in the chunk, and bytes in the buffer: equally many.
        var source: Range<Int>
        var target: Range<Int>
    }

    // Every product here is at most the dataset's size in bytes or the chunk's, which a validated catalog keeps inside Int.

    /// The part of a box that lies in a chunk. They are known to touch.
    func intersection(of box: HDF5Box, origin: [UInt64], extent: [UInt64]) -> HDF5Box {
        var common = box
        for axis in dimensions.indices {
            let start = max(box.start[axis], origin[axis])
            // An origin inside the dataset and a chunk's extent can add up beyond 64 bits.
            let chunkEnd = origin[axis].addingReportingOverflow(extent[axis])
            let end = min(box.start[axis] + box.extent[axis], chunkEnd.overflow ? .max : chunkEnd.partialValue)
            common.start[axis] = start
            common.extent[axis] = end - start
        }
        return common
    }

    /// The bytes of the buffer that a box of `HDF5Box.covering` fills.
    func bytes(of box: HDF5Box) -> Range<Int> {
        let start = Int(element(at: box.start) &- firstElement) * elementSize
        return start..<(start + Int(box.extent.reduce(1, &*)) * elementSize)
    }

    /// The bytes of the buffer that a chunk fills alone and in order, when it lies wholly in the box and is whole along all
    /// axes behind its first one longer than 1.
    func wholeRun(of common: HDF5Box, chunkExtent: [UInt64]) -> Range<Int>? {
        guard common.extent == chunkExtent else { return nil }
        var axis = 0
        while axis < dimensions.count - 1, chunkExtent[axis] == 1 { axis += 1 }
        for inner in dimensions.indices where inner > axis && chunkExtent[inner] != dimensions[inner] { return nil }
        let start = Int(element(at: common.start) &- firstElement) * elementSize
        return start..<(start + Int(chunkExtent.reduce(1, &*)) * elementSize)
    }

    /// Calls `body` for every run of bytes that is consecutive in chunk and buffer alike.
    ///
    /// - Parameters:
    ///   - common: inside the chunk and inside the buffer's range.
    ///   - extent: the shape in which the chunk's elements lie in memory.
    func forEachRun(of common: HDF5Box, origin: [UInt64], extent: [UInt64], _ body: (Run) -> Void) {
        // Axes behind `last` are whole in chunk and dataset, so that steps along `last` follow each other.
        var last = dimensions.count - 1
        while last > 0, common.extent[last] == extent[last], extent[last] == dimensions[last] { last -= 1 }
        var runElements: UInt64 = 1
        for axis in last..<dimensions.count { runElements &*= common.extent[axis] }
        let runBytes = Int(runElements) * elementSize

        var position = common.start
        while true {
            var inChunk: UInt64 = 0
            for axis in dimensions.indices { inChunk = inChunk &* extent[axis] &+ (position[axis] &- origin[axis]) }
            let source = Int(inChunk) * elementSize
            let target = Int(element(at: position) &- firstElement) * elementSize
            body(Run(source: source..<(source + runBytes), target: target..<(target + runBytes)))
            var axis = last - 1
            while axis >= 0 {
                position[axis] += 1
                if position[axis] < common.start[axis] + common.extent[axis] { break }
                position[axis] = common.start[axis]
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// The bytes of the chunk from the first run of `forEachRun` to the end of the last.
    func span(of common: HDF5Box, origin: [UInt64], extent: [UInt64]) -> Range<Int> {
        var first: UInt64 = 0
        var last: UInt64 = 0
        for axis in dimensions.indices {
            let start = common.start[axis] &- origin[axis]
            first = first &* extent[axis] &+ start
            last = last &* extent[axis] &+ (start &+ common.extent[axis] &- 1)
        }
        return Int(first) * elementSize..<(Int(last) + 1) * elementSize
    }

    private func element(at position: [UInt64]) -> UInt64 {
        var element: UInt64 = 0
        for axis in dimensions.indices { element = element &* dimensions[axis] &+ position[axis] }
        return element
    }
}
