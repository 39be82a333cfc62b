/// A name in a group, and what it leads to.
package struct HDF5Link: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case hard
        /// A path, from the root when it begins with a slash and from the link's own group otherwise.
        case soft(path: HDF5Name)
        case external(file: HDF5Name, path: HDF5Name)
    }

    package var parent: HDF5ObjectID
    /// Not empty, not `.`, without a slash.
    package var name: HDF5Name
    package var characterSet: HDF5CharacterSet
    /// Set where the group tracks it.
    package var creationOrder: Int64?
    package var kind: Kind
    /// nil for a soft or external link that leads nowhere.
    package var target: HDF5ObjectID?
}
