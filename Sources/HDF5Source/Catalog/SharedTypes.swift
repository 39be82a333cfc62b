/// Types and spaces seen so far: tens of thousands of datasets have a handful between them, and here also their memory.
struct SharedTypes {
    private var datatypes: Set<HDF5EncodedDatatype> = []
    private var dataspaces: Set<HDF5EncodedDataspace> = []

    /// The same value, in memory that its equals have too.
    mutating func shared(_ datatype: HDF5EncodedDatatype) -> HDF5EncodedDatatype {
        datatypes.insert(datatype).memberAfterInsert
    }

    mutating func shared(_ dataspace: HDF5EncodedDataspace) -> HDF5EncodedDataspace {
        dataspaces.insert(dataspace).memberAfterInsert
    }
}
