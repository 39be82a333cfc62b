import CHDF5

/// A link as a group lists it.
struct FoundLink {
    var name: HDF5Name
    var characterSet: HDF5CharacterSet
    var creationOrder: Int64?
    var kind: HDF5Link.Kind
    /// Of a hard link's object.
    var address: UInt64
}

extension HDF5Scan {
    /// The links of a group in catalog order, with the values of soft and external ones.
    func links(of group: borrowing HDF5Handle, order: HDF5CreationOrder) throws(HDF5Error) -> [FoundLink] {
        let listing = Listing(limit: limits.links - catalog.links.count)
        // The callback runs before the call returns, while `listing` is alive; name and description are the library's and
        // are copied.
        let status = unsafe moe_h5_iterate_links(
            group.id, order == .untracked ? 0 : 1,
            { _, name, info, context in
                guard let context = unsafe context, let info = unsafe info else { return -1 }
                let listing = unsafe Unmanaged<Listing>.fromOpaque(context).takeUnretainedValue()
                guard listing.entries.count < listing.limit, let name = unsafe HDF5Name(cString: name) else { return 1 }
                listing.entries.append((name, unsafe moe_h5_link_of(info)))
                return 0
            }, unsafe Unmanaged.passUnretained(listing).toOpaque())
        try HDF5Library.check(status, "list the group's links")
        guard status == 0 else { throw .limit("there are more than \(limits.links) links") }

        var links: [FoundLink] = []
        for (name, link) in listing.entries { links.append(try found(name, link, in: group)) }
        return links
    }

    func addLink(_ found: FoundLink, in group: HDF5ObjectID) throws(HDF5Error) -> Int {
        guard catalog.links.count < limits.links else { throw .limit("there are more than \(limits.links) links") }
        catalog.links.append(
            HDF5Link(
                parent: group, name: found.name, characterSet: found.characterSet, creationOrder: found.creationOrder,
                kind: found.kind, target: nil))
        return catalog.links.count - 1
    }

    /// The link of one name in a group; nil when there is none.
    func link(named name: HDF5Name, in group: borrowing HDF5Handle) throws(HDF5Error) -> FoundLink? {
        let id = group.id
        var link = moe_h5_link()
        let isThere = try unsafe name.withCString { text throws(HDF5Error) in
            guard unsafe H5Lexists(id, text, moe_h5_default_properties()) > 0 else { return false }
            // Writes one description.
            try HDF5Library.check(unsafe moe_h5_link_named(id, text, &link), "look up the link \(name)")
            return true
        }
        return isThere ? try found(name, link, in: group) : nil
    }

    private func found(
        _ name: HDF5Name, _ link: moe_h5_link, in group: borrowing HDF5Handle
    ) throws(HDF5Error) -> FoundLink {
        guard name.bytes.count <= limits.nameBytes else {
            throw .limit("a link name of \(name.bytes.count) bytes exceeds the limit of \(limits.nameBytes)")
        }
        guard HDF5Catalog.isLinkName(name, limits: limits) else {
            throw .damaged("the link name \"\(name)\" is impossible")
        }
        let kind: HDF5Link.Kind
        switch link.kind {
        case H5L_TYPE_HARD.rawValue: kind = .hard
        case H5L_TYPE_SOFT.rawValue:
            kind = .soft(path: HDF5Name(Array(try value(of: name, link, in: group).prefix { $0 != 0 })))
        case H5L_TYPE_EXTERNAL.rawValue:
            // A byte of version and flags, then two C strings: the file and the path inside it.
            let parts = try value(of: name, link, in: group).dropFirst()
                .split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count >= 2 else { throw .damaged("the external link \(name) has no target") }
            kind = .external(file: HDF5Name(Array(parts[0])), path: HDF5Name(Array(parts[1])))
        default:
            throw .damaged("the link \(name) is of a user-defined kind (\(link.kind)), which is refused")
        }
        return FoundLink(
            name: name, characterSet: link.character_set == H5T_CSET_UTF8.rawValue ? .utf8 : .ascii,
            creationOrder: link.has_creation_order != 0 ? link.creation_order : nil, kind: kind, address: link.address)
    }

    private func value(
        of name: HDF5Name, _ link: moe_h5_link, in group: borrowing HDF5Handle
    ) throws(HDF5Error) -> [UInt8] {
        guard link.value_size > 0, link.value_size <= 2 * limits.nameBytes else {
            throw .limit("the link \(name) has a value of \(link.value_size) bytes")
        }
        let id = group.id
        var value = [UInt8](repeating: 0, count: link.value_size)
        try unsafe name.withCString { text throws(HDF5Error) in
            let status = unsafe value.withUnsafeMutableBytes { buffer in
                // Writes at most the count it is given.
                unsafe H5Lget_val(id, text, buffer.baseAddress, buffer.count, moe_h5_default_properties())
            }
            try HDF5Library.check(status, "read the link \(name)")
        }
        return value
    }

    private final class Listing {
        let limit: Int
        var entries: [(name: HDF5Name, link: moe_h5_link)] = []
        init(limit: Int) { self.limit = limit }
    }
}
