import CHDF5

extension HDF5Scan {
    /// Adds the object at a place and all that hard links reach from it, depth first, each once.
    ///
    /// - Parameter link: the link that led here, whose target is set; nil for the root.
    func walk(from place: Place, through link: Int?) throws(HDF5Error) {
        var open: [(group: HDF5ObjectID, links: ArraySlice<FoundLink>)] = []
        if let entry = try visit(place, through: link) { open.append(entry) }
        while let last = open.indices.last {
            guard let found = open[last].links.popFirst() else {
                open.removeLast()
                continue
            }
            let group = open[last].group
            let index = try addLink(found, in: group)
            guard case .hard = found.kind else {
                pendingLinks.append(index)
                continue
            }
            let target = Place(file: catalog.objects[Int(group.rawValue)].file, address: found.address)
            if let known = places[target] {
                catalog.links[index].target = known
                continue
            }
            guard open.count < limits.depth else {
                throw .limit("\(catalog.path(of: catalog.links[index])): groups are nested deeper than \(limits.depth)")
            }
            if let entry = try visit(target, through: index) { open.append(entry) }
        }
    }

    /// Adds one object; returns a group's links, in order.
    private func visit(
        _ place: Place, through link: Int?
    ) throws(HDF5Error) -> (group: HDF5ObjectID, links: ArraySlice<FoundLink>)? {
        guard catalog.objects.count < limits.objects else {
            throw .limit("there are more than \(limits.objects) objects")
        }
        let id = HDF5ObjectID(rawValue: UInt32(truncatingIfNeeded: catalog.objects.count))
        let path = link.map { catalog.path(of: catalog.links[$0]) } ?? HDF5Name("/")
        do throws(HDF5Error) {
            let (object, links) = try describe(place, as: id)
            catalog.objects.append(object)
            catalog.objects[Int(id.rawValue)].canonicalLink = link
            places[place] = id
            if let link { catalog.links[link].target = id }
            try progress()
            return links.map { (id, $0[...]) }
        } catch {
            throw error.within("\(path)")
        }
    }

    private func describe(_ place: Place, as id: HDF5ObjectID) throws(HDF5Error) -> (HDF5Object, [FoundLink]?) {
        let handle = try HDF5Handle(moe_h5_open_object(files[place.file].id, place.address), "open the object")
        var description = moe_h5_object()
        try HDF5Library.check(unsafe moe_h5_describe_object(handle.id, &description), "describe the object")
        var object = HDF5Object(
            kind: .group(linkOrder: .untracked), file: place.file, address: place.address, attributeOrder: .untracked,
            attributes: [], canonicalLink: nil)
        var links: [FoundLink]?
        switch description.kind {
        case H5O_TYPE_GROUP.rawValue:
            let properties = try HDF5Handle(H5Gget_create_plist(handle.id), "read the group's properties")
            object.attributeOrder = try attributeOrder(properties)
            var flags: UInt32 = 0
            try HDF5Library.check(unsafe H5Pget_link_creation_order(properties.id, &flags), "read the order of links")
            let order = HDF5CreationOrder(flags: flags)
            object.kind = .group(linkOrder: order)
            links = try self.links(of: handle, order: order)
        case H5O_TYPE_DATASET.rawValue:
            let properties = try HDF5Handle(H5Dget_create_plist(handle.id), "read the dataset's properties")
            object.attributeOrder = try attributeOrder(properties)
            object.kind = .dataset(try dataset(handle, properties: properties, in: place.file, as: id))
        case H5O_TYPE_NAMED_DATATYPE.rawValue:
            let properties = try HDF5Handle(H5Tget_create_plist(handle.id), "read the datatype's properties")
            object.attributeOrder = try attributeOrder(properties)
            object.kind = .namedDatatype(
                HDF5EncodedDatatype(
                    encoded: try HDF5TypeReader.encoding(of: handle, limits: limits),
                    type: try HDF5TypeReader(limits: limits).datatype(handle), committed: nil))
        default:
            throw .damaged("it is neither group nor dataset nor named datatype")
        }
        if description.attribute_count > 0 {
            object.attributes = try attributes(of: handle, order: object.attributeOrder, in: place.file, as: id)
        }
        return (object, links)
    }

    private func attributeOrder(_ properties: borrowing HDF5Handle) throws(HDF5Error) -> HDF5CreationOrder {
        var flags: UInt32 = 0
        try HDF5Library.check(unsafe H5Pget_attr_creation_order(properties.id, &flags), "read the order of attributes")
        return HDF5CreationOrder(flags: flags)
    }
}

extension HDF5CreationOrder {
    init(flags: UInt32) {
        if flags & moe_h5_order_is_tracked() == 0 {
            self = .untracked
        } else {
            self = flags & moe_h5_order_is_indexed() == 0 ? .tracked : .indexed
        }
    }
}
