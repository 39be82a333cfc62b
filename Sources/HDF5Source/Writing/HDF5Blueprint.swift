/// An HDF5 file to be written: everything in it but the elements of its datasets.
///
/// Object 0 is the root group. Objects that no hard link reaches are not written.
package struct HDF5Blueprint: Sendable {
    package struct Datatype: Sendable {
        /// As `H5Tencode` writes it.
        package var encoded: [UInt8]
        /// The object that is this type under a name.
        package var committed: Int?

        package init(encoded: [UInt8], committed: Int? = nil) {
            self.encoded = encoded
            self.committed = committed
        }
    }

    package struct Dataset: Sendable {
        package var datatype: Datatype
        package var dataspace: HDF5EncodedDataspace
        package var fillStatus: HDF5FillValue.Status
        /// One element in the dataset's own type, when the status is user-defined; empty where that cannot be told.
        package var fillValue: [UInt8]

        package init(
            datatype: Datatype, dataspace: HDF5EncodedDataspace, fillStatus: HDF5FillValue.Status = .standard,
            fillValue: [UInt8] = []
        ) {
            self.datatype = datatype
            self.dataspace = dataspace
            self.fillStatus = fillStatus
            self.fillValue = fillValue
        }
    }

    package struct Attribute: Sendable {
        package var name: HDF5Name
        package var characterSet: HDF5CharacterSet
        package var datatype: Datatype
        package var dataspace: HDF5EncodedDataspace
        /// As `HDF5Attribute.value`.
        package var value: [UInt8]

        package init(
            name: HDF5Name, characterSet: HDF5CharacterSet, datatype: Datatype, dataspace: HDF5EncodedDataspace,
            value: [UInt8]
        ) {
            self.name = name
            self.characterSet = characterSet
            self.datatype = datatype
            self.dataspace = dataspace
            self.value = value
        }
    }

    package struct Link: Sendable {
        package enum Target: Sendable {
            case object(Int)
            case soft(path: HDF5Name)
            case external(file: HDF5Name, path: HDF5Name)
        }

        package var name: HDF5Name
        package var characterSet: HDF5CharacterSet
        package var target: Target

        package init(name: HDF5Name, characterSet: HDF5CharacterSet, target: Target) {
            self.name = name
            self.characterSet = characterSet
            self.target = target
        }
    }

    package struct Object: Sendable {
        package enum Kind: Sendable {
            case group(linkOrder: HDF5CreationOrder)
            case dataset(Dataset)
            case namedDatatype(encoded: [UInt8])
        }

        package var kind: Kind
        package var attributeOrder: HDF5CreationOrder = .untracked
        /// In the order in which they are made.
        package var attributes: [Attribute] = []
        /// In the order in which they are made; of groups.
        package var links: [Link] = []

        package init(_ kind: Kind) { self.kind = kind }
    }

    /// The version of the superblock that is wished for: 0 and 1 make a file that the oldest libraries read, 2 one for HDF5 1.8,
    /// 3 one for HDF5 1.10.
    package var superblockVersion: UInt32
    /// Zeros before the superblock: 0, or a power of two from 512 on.
    package var userBlockSize: UInt64
    package var objects: [Object]
    /// The objects that addresses in references stand for.
    package var referenceTargets: [UInt64: Int] = [:]

    package init(superblockVersion: UInt32 = 0, userBlockSize: UInt64 = 0, objects: [Object]) {
        self.superblockVersion = superblockVersion
        self.userBlockSize = userBlockSize
        self.objects = objects
    }
}
