extension HDF5Catalog {
    /// The object, or nil when there is none of this id.
    package subscript(_ id: HDF5ObjectID) -> HDF5Object? {
        objects.indices.contains(Int(id.rawValue)) ? objects[Int(id.rawValue)] : nil
    }

    /// The ids of all datasets, in order.
    package var datasets: [HDF5ObjectID] {
        objects.indices.lazy.filter { objects[$0].dataset != nil }.map { HDF5ObjectID(rawValue: UInt32($0)) }
    }

    /// The names from the root to the object along canonical links; empty for the root. O(depth).
    package func pathComponents(of id: HDF5ObjectID) -> [HDF5Name] {
        var names: [HDF5Name] = []
        var current = id
        // Ids fall along canonical links of a validated catalog, so this ends.
        while let link = self[current]?.canonicalLink, links.indices.contains(link), links[link].parent < current {
            names.append(links[link].name)
            current = links[link].parent
        }
        return names.reversed()
    }

    /// The canonical path with slashes: `/` for the root. O(depth).
    package func path(of id: HDF5ObjectID) -> HDF5Name {
        HDF5Name(Self.joined(pathComponents(of: id)))
    }

    /// The file and the path inside it, for messages.
    func place(of id: HDF5ObjectID) -> String {
        guard let file = self[id]?.file, files.indices.contains(file) else { return "\(path(of: id))" }
        return "\(files[file].path): \(path(of: id))"
    }

    /// The path of a link: that of its group, and its name.
    package func path(of link: HDF5Link) -> HDF5Name {
        HDF5Name(Self.joined(pathComponents(of: link.parent) + [link.name]))
    }

    /// The indices of the links that lead to each object, canonical or not, in order. O(links).
    package func linksByTarget() -> [HDF5ObjectID: [Int]] {
        var byTarget: [HDF5ObjectID: [Int]] = [:]
        for (index, link) in links.enumerated() {
            if let target = link.target { byTarget[target, default: []].append(index) }
        }
        return byTarget
    }

    /// The soft and external links that lead nowhere.
    package var danglingLinks: [HDF5Link] { links.filter { $0.target == nil } }

    /// The object at a path of hard, soft and followed external links; nil when there is none. O(links).
    package func object(at path: String) -> HDF5ObjectID? {
        var current = HDF5ObjectID.root
        for component in path.utf8.split(separator: UInt8(ascii: "/")) {
            let name = HDF5Name(Array(component))
            guard let link = links.first(where: { $0.parent == current && $0.name == name }), let next = link.target
            else {
                return nil
            }
            current = next
        }
        return current
    }

    private static func joined(_ names: [HDF5Name]) -> [UInt8] {
        if names.isEmpty { return [UInt8(ascii: "/")] }
        return names.flatMap { [UInt8(ascii: "/")] + $0.bytes }
    }
}
