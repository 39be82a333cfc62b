/// A named value that hangs on an object.
package struct HDF5Attribute: Equatable, Sendable {
    package var name: HDF5Name
    package var characterSet: HDF5CharacterSet
    /// Set where the object tracks it.
    package var creationOrder: UInt32?
    package var datatype: HDF5EncodedDatatype
    package var dataspace: HDF5EncodedDataspace
    /// The elements in C order as they lie in the file or, when `isSerialized`, one after another like this: a
    /// variable-length string or sequence is its count of bytes or elements (32 bits, little-endian) and then these; a
    /// compound is its members in order of definition, without gaps; an array is its elements; all else is its bytes.
    package var value: [UInt8]

    /// Whether the datatype has variable-length parts.
    package var isSerialized: Bool { datatype.type.containsVariableLength }
    /// Whether the value holds addresses of this file: `HDF5Object.address` tells what they lead to.
    package var containsReferences: Bool { datatype.type.containsReference }
}

/// How far an object remembers the order in which links or attributes were added to it.
package enum HDF5CreationOrder: UInt8, Sendable { case untracked, tracked, indexed }
