/// An object's place in `HDF5Catalog.objects`.
package struct HDF5ObjectID: RawRepresentable, Hashable, Sendable {
    package var rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The root group of the file itself.
    package static let root = HDF5ObjectID(rawValue: 0)
}

extension HDF5ObjectID: Comparable {
    package static func < (left: HDF5ObjectID, right: HDF5ObjectID) -> Bool { left.rawValue < right.rawValue }
}

/// A group, a dataset or a named datatype.
package struct HDF5Object: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// With how far it remembers the order of its links.
        case group(linkOrder: HDF5CreationOrder)
        case dataset(HDF5Dataset)
        case namedDatatype(HDF5EncodedDatatype)
    }

    package var kind: Kind
    /// Which of `HDF5Catalog.files` it lies in.
    package var file: Int
    /// The object header's place, counted as references inside the file count it.
    package var address: UInt64
    package var attributeOrder: HDF5CreationOrder
    package var attributes: [HDF5Attribute]
    /// The link that gave the object its path, an index into `HDF5Catalog.links`: the first hard link in order of
    /// traversal, or the soft or external link for what no hard link reaches. nil for the root.
    package var canonicalLink: Int?

    package var dataset: HDF5Dataset? {
        if case .dataset(let dataset) = kind { dataset } else { nil }
    }
    package var isGroup: Bool {
        if case .group = kind { true } else { false }
    }
}
