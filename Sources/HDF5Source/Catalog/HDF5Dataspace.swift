/// How many elements there are, and along which axes.
package enum HDF5Dataspace: Hashable, Sendable {
    /// No elements and no shape.
    case null
    /// One element without axes.
    case scalar
    /// C order; a maximum of nil is unlimited.
    case simple(dimensions: [UInt64], maximum: [UInt64?])

    /// Empty for null and scalar spaces.
    package var dimensions: [UInt64] {
        if case .simple(let dimensions, _) = self { dimensions } else { [] }
    }

    /// The product of the dimensions: 1 for a scalar, 0 for a null space; nil when it exceeds 64 bits.
    package var elementCount: UInt64? {
        switch self {
        case .null: return 0
        case .scalar: return 1
        case .simple(let dimensions, _):
            if dimensions.contains(0) { return 0 }
            var count: UInt64 = 1
            for dimension in dimensions {
                let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
                if overflow { return nil }
                count = product
            }
            return count
        }
    }
}

/// A dataspace with libhdf5's own encoding of it (`H5Sencode`), kept so that a file can be written back alike.
package struct HDF5EncodedDataspace: Hashable, Sendable {
    /// Empty for a space that comes from nowhere else.
    package var encoded: [UInt8]
    package var space: HDF5Dataspace
}

/// A datatype with libhdf5's own encoding of it (`H5Tencode`).
package struct HDF5EncodedDatatype: Hashable, Sendable {
    package var encoded: [UInt8]
    package var type: HDF5Datatype
    /// The named datatype object that this is, when it is one.
    package var committed: HDF5ObjectID?
}
