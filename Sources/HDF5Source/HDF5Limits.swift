/// How much of anything an HDF5 file may hold before it is refused.
///
/// Every count that a file declares is held against one of these, and against the bytes there are, before memory is
/// reserved for it. The defaults fit the largest published checkpoints with room to spare.
package struct HDF5Limits: Equatable, Sendable {
    /// Groups, datasets and named datatypes together.
    package var objects = 1 << 20
    /// Links of all kinds, and so the number of names.
    package var links = 1 << 21
    /// Bytes of one link or attribute name, of one soft link's target, of one file name.
    package var nameBytes = 1 << 16
    /// Groups between the root and an object.
    package var depth = 256
    /// Soft and external links followed to resolve one of them.
    package var linkTraversals = 64
    /// Files opened through external links.
    package var externalFiles = 64

    /// Attributes of one object.
    package var attributesPerObject = 1 << 16
    /// Bytes of one attribute's value.
    package var attributeBytes = 64 << 20
    /// Bytes of all attributes' values together.
    package var totalAttributeBytes = 256 << 20

    /// Bytes of one datatype's or dataspace's encoding.
    package var encodedTypeBytes = 4 << 20
    /// Datatypes inside datatypes.
    package var datatypeDepth = 32
    /// Members of all the compound and enumerated types inside one datatype.
    package var datatypeMembers = 1 << 16
    /// Bytes of one element, its fill value included.
    package var elementBytes = 64 << 20
    /// Dimensions of a dataset: the bound of HDF5 itself.
    package var rank = 32

    /// Stored chunks of all datasets together.
    package var chunks = 1 << 22
    /// Bytes of one chunk, decoded or stored.
    package var chunkBytes = 1 << 30
    /// Filters of one dataset: the bound of HDF5 itself.
    package var filters = 32
    /// Parameters of one filter: libhdf5 hands out no more.
    package var filterParameters = 256

    /// A dataset that declares more bytes than this …
    package var declaredBytesAlwaysAllowed: UInt64 = 4 << 30
    /// … and more than this many times what is stored is a bomb.
    package var declaredBytesPerStoredByte: UInt64 = 1000

    /// Bytes of a catalog on its way from the worker.
    package var catalogBytes = 1 << 30
    /// Bytes of elements in one answer of the worker.
    package var answerBytes = 1 << 30

    package init() {}

    package static let standard = HDF5Limits()
}
