/// Everything about a dataset but its elements.
package struct HDF5Dataset: Equatable, Sendable {
    package var datatype: HDF5EncodedDatatype
    package var dataspace: HDF5EncodedDataspace
    package var storage: HDF5Storage
    package var fillValue: HDF5FillValue

    package var type: HDF5Datatype { datatype.type }
    /// Empty for scalar and null datasets.
    package var dimensions: [UInt64] { dataspace.space.dimensions }
    /// A validated catalog has no product beyond 64 bits.
    package var elementCount: UInt64 { dataspace.space.elementCount ?? 0 }
}

/// What elements are that were never written.
package struct HDF5FillValue: Equatable, Sendable {
    package enum Status: UInt8, Sendable {
        /// The writer asked for none: such elements read as zeros here.
        case undefined
        /// The library's default, zeros.
        case standard
        case userDefined
    }
    package enum AllocationTime: UInt8, Sendable { case early, late, incremental, standard }
    package enum WriteTime: UInt8, Sendable { case never, ifSet, whenAllocated }

    package var status: Status
    /// One element in the dataset's own type; empty unless user-defined, and for types with variable-length parts.
    package var bytes: [UInt8]
    package var allocationTime: AllocationTime
    package var writeTime: WriteTime
}
