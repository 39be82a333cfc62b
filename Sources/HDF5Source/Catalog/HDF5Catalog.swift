/// Everything in an HDF5 file but the elements of its datasets.
///
/// Objects and links are in order of traversal: a group's links in creation order where the group tracks it and by the
/// bytes of their names otherwise, each followed by what it leads to before the next (depth first). What is reached only
/// by soft or external links comes after, in the order of those links.
package struct HDF5Catalog: Equatable, Sendable {
    /// Of the libhdf5 that read the file.
    package var libraryVersion: HDF5LibraryVersion
    /// The file itself first, then those that external links led to.
    package var files: [HDF5FileDescription]
    /// The root group first; parents before what they first lead to.
    package var objects: [HDF5Object]
    package var links: [HDF5Link]
}

package struct HDF5LibraryVersion: Equatable, Sendable {
    package var major: UInt32
    package var minor: UInt32
    package var release: UInt32
}

extension HDF5LibraryVersion: CustomStringConvertible {
    package var description: String { "\(major).\(minor).\(release)" }
}

package struct HDF5FileDescription: Equatable, Sendable {
    package var path: HDF5Name
    package var size: UInt64
    package var superblockVersion: UInt32
    /// Bytes before the superblock that belong to someone else.
    package var userBlockSize: UInt64
}
