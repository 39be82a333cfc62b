import CHDF5

extension HDF5Scan {
    /// Finds what a soft or external link leads to, and adds it to the catalog when it is new; leaves a dangling link's
    /// target empty.
    func resolve(_ index: Int) throws(HDF5Error) {
        let link = catalog.links[index]
        let path = catalog.path(of: link)
        do throws(HDF5Error) {
            guard let parent = catalog[link.parent] else { return }
            var budget = limits.linkTraversals
            let group = Place(file: parent.file, address: parent.address)
            guard let place = try follow(link.kind, from: group, budget: &budget) else { return }
            if let known = places[place] {
                catalog.links[index].target = known
            } else {
                try walk(from: place, through: index)
            }
        } catch {
            throw error.within("\(path)")
        }
    }

    /// Where a link leads from the group it lies in; nil when it dangles, or the budget of links ends as in a cycle.
    private func follow(_ kind: HDF5Link.Kind, from group: Place, budget: inout Int) throws(HDF5Error) -> Place? {
        guard budget > 0 else { return nil }
        budget -= 1
        switch kind {
        case .hard: return nil
        case .soft(let path):
            return try walkPath(path, from: group, budget: &budget)
        case .external(let name, let path):
            switch options.externalLinks {
            case .followed: break
            case .unfollowed: return nil
            case .refused:
                throw .damaged(
                    "the external link to \(name):\(path) is refused; --follow-external opens files in the input's own directory"
                )
            }
            guard let file = try file(named: name) else { return nil }
            return try walkPath(path, from: try rootPlace(of: file), budget: &budget)
        }
    }

    /// Follows a path one component at a time, so that every link on the way is looked at.
    private func walkPath(_ path: HDF5Name, from group: Place, budget: inout Int) throws(HDF5Error) -> Place? {
        guard path.bytes.count <= limits.nameBytes else { throw .limit("a link's path has \(path.bytes.count) bytes") }
        let slash = UInt8(ascii: "/")
        var current = path.bytes.first == slash ? try rootPlace(of: group.file) : group
        for component in path.bytes.split(separator: slash) where Array(component) != [UInt8(ascii: ".")] {
            guard let next = try step(HDF5Name(Array(component)), from: current, budget: &budget) else { return nil }
            current = next
        }
        return current
    }

    private func step(_ name: HDF5Name, from place: Place, budget: inout Int) throws(HDF5Error) -> Place? {
        let found: FoundLink?
        do {
            let handle = try HDF5Handle(
                moe_h5_open_object(files[place.file].id, place.address), "open a group on the way")
            var description = moe_h5_object()
            try HDF5Library.check(unsafe moe_h5_describe_object(handle.id, &description), "describe a group on the way")
            guard description.kind == H5O_TYPE_GROUP.rawValue else { return nil }
            found = try link(named: name, in: handle)
        }
        guard let found else { return nil }
        if case .hard = found.kind { return Place(file: place.file, address: found.address) }
        return try follow(found.kind, from: place, budget: &budget)
    }
}
