/// A rectangular piece of a dataset: `extent[a]` elements from `start[a]` on, along each axis.
package struct HDF5Box: Equatable, Sendable {
    package var start: [UInt64]
    package var extent: [UInt64]

    /// The fewest boxes that hold just the elements of a range in C order, in that order.
    ///
    /// Each is whole along all its axes behind one, so that its elements are consecutive. At most 2 · rank - 1 of them.
    /// `range` lies inside the dataset, whose dimensions are not empty.
    package static func covering(_ range: Range<UInt64>, of dimensions: [UInt64]) -> [HDF5Box] {
        guard !range.isEmpty, !dimensions.isEmpty else { return [] }
        // strides[a]: elements of a step along axis a. Products stay below the element count, which fits 64 bits.
        var strides = [UInt64](repeating: 1, count: dimensions.count)
        for axis in dimensions.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] &* dimensions[axis + 1]
        }

        var boxes: [HDF5Box] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let left = range.upperBound - position
            // The outermost axis on which the position begins a whole step that the range still covers.
            var axis = dimensions.count - 1
            while axis > 0, position % strides[axis - 1] == 0, left >= strides[axis - 1] { axis -= 1 }
            let coordinates = coordinates(of: position, strides: strides)
            let steps = min(left / strides[axis], dimensions[axis] - coordinates[axis])
            var extent = [UInt64](repeating: 1, count: dimensions.count)
            extent[axis] = steps
            for inner in dimensions.indices where inner > axis { extent[inner] = dimensions[inner] }
            boxes.append(HDF5Box(start: coordinates, extent: extent))
            position += steps * strides[axis]
        }
        return boxes
    }

    private static func coordinates(of position: UInt64, strides: [UInt64]) -> [UInt64] {
        var rest = position
        return strides.map { stride in
            defer { rest %= stride }
            return rest / stride
        }
    }
}
