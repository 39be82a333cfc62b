import CHDF5

extension HDF5Writer {
    /// Makes the file at a path an empty one with a root group.
    func create(_ path: HDF5Name, _ library: LibraryAccess) throws(HDF5Error) {
        guard let root = blueprint.objects.first, case .group(let linkOrder) = root.kind else {
            throw .damaged("object 0 is no group")
        }
        let creation = try HDF5Handle(H5Pcreate(moe_h5_file_creation_class()), "make file creation properties")
        let userBlock = blueprint.userBlockSize
        guard userBlock == 0 || userBlock >= 512 && userBlock <= 1 << 30 && userBlock.nonzeroBitCount == 1 else {
            throw .damaged("a user block of \(userBlock) bytes")
        }
        try HDF5Library.check(H5Pset_userblock(creation.id, userBlock), "set the user block")
        try setOrders(creation, links: linkOrder, attributes: root.attributeOrder)
        let access = try HDF5Handle(H5Pcreate(moe_h5_file_access_class()), "make file access properties")
        let low: H5F_libver_t =
            switch blueprint.superblockVersion {
            case 0, 1: H5F_LIBVER_EARLIEST
            case 2: H5F_LIBVER_V18
            default: H5F_LIBVER_V110
            }
        try HDF5Library.check(H5Pset_libver_bounds(access.id, low, H5F_LIBVER_V110), "set the format's version")
        try HDF5Library.check(H5Pset_driver(access.id, library.outputDriver, nil), "set the file driver")
        try HDF5Library.check(H5Pset_fclose_degree(access.id, H5F_CLOSE_STRONG), "set the close degree")
        // Room for a row of chunks of a dataset that can grow.
        try HDF5Library.check(H5Pset_cache(access.id, 0, 521, 16 << 20, 1), "set the chunk cache")
        file = try unsafe path.withCString { text throws(HDF5Error) in
            unsafe H5Fcreate(text, moe_h5_create_truncated(), creation.id, access.id)
        }
        guard file >= 0 else { throw HDF5Library.failure("create the file") }
    }

    /// Makes all objects that hard links reach, breadth first, with their links and attributes.
    func makeObjects() throws(HDF5Error) {
        // Others are made of committed types, and an object without a link lives only as long as it is open.
        let committed = try CommittedTypes(self)
        let root = try unsafe HDF5Handle(H5Oopen(file, "/", moe_h5_default_properties()), "open the root group")
        try remember(root, as: 0)
        try addAttributes(to: root, of: 0, committed)
        var groups = [0]
        var next = 0
        while next < groups.count {
            let number = groups[next]
            next += 1
            guard let address = addresses[number] else { continue }
            let group = try HDF5Handle(moe_h5_open_object(file, address), "open a group")
            for link in blueprint.objects[number].links {
                do throws(HDF5Error) {
                    if let target = try add(link, to: group, committed), case .group = blueprint.objects[target].kind {
                        groups.append(target)
                    }
                } catch {
                    throw error.within("link \(link.name)")
                }
            }
        }
        try fillReferences()
    }

    /// Makes a link, and the object that it leads to where this is the first link to it.
    ///
    /// - Returns: the object's number if it is new.
    private func add(
        _ link: HDF5Blueprint.Link, to group: borrowing HDF5Handle, _ committed: CommittedTypes
    ) throws(HDF5Error) -> Int? {
        guard HDF5Catalog.isLinkName(link.name, limits: limits) else { throw .damaged("the name is impossible") }
        let properties = try HDF5Handle(H5Pcreate(moe_h5_link_creation_class()), "make link properties")
        try HDF5Library.check(
            H5Pset_char_encoding(properties.id, link.characterSet.library), "set a name's character set")
        let groupID = group.id
        let propertiesID = properties.id
        let standard = moe_h5_default_properties()
        switch link.target {
        case .soft(let path):
            try unsafe Self.withCStrings(path, link.name) { path, name throws(HDF5Error) in
                _ = try HDF5Library.check(
                    unsafe H5Lcreate_soft(path, groupID, name, propertiesID, standard), "make a soft link")
            }
            return nil
        case .external(let file, let path):
            try unsafe file.withCString { file throws(HDF5Error) in
                try unsafe Self.withCStrings(path, link.name) { path, name throws(HDF5Error) in
                    _ = try HDF5Library.check(
                        unsafe H5Lcreate_external(file, path, groupID, name, propertiesID, standard),
                        "make an external link")
                }
            }
            return nil
        case .object(let target):
            guard blueprint.objects.indices.contains(target) else {
                throw .damaged("it leads to object \(target), which is not there")
            }
            let isNew = addresses[target] == nil
            let object = try isNew ? make(target, committed) : opened(target)
            let objectID = object.id
            try unsafe link.name.withCString { name throws(HDF5Error) in
                _ = try HDF5Library.check(
                    unsafe H5Olink(objectID, groupID, name, propertiesID, standard), "make a hard link")
            }
            return isNew ? target : nil
        }
    }

    private func opened(_ object: Int) throws(HDF5Error) -> HDF5Handle {
        guard let address = addresses[object] else { throw .usage("object \(object) is not in the file") }
        return try HDF5Handle(moe_h5_open_object(file, address), "open an object")
    }

    /// Makes an object that no link leads to yet.
    private func make(_ number: Int, _ committed: CommittedTypes) throws(HDF5Error) -> HDF5Handle {
        let object = blueprint.objects[number]
        let handle: HDF5Handle
        switch object.kind {
        case .group(let linkOrder):
            let properties = try HDF5Handle(H5Pcreate(moe_h5_group_creation_class()), "make group properties")
            try setOrders(properties, links: linkOrder, attributes: object.attributeOrder)
            handle = try HDF5Handle(H5Gcreate_anon(file, properties.id, moe_h5_default_properties()), "make a group")
        case .dataset(let dataset): handle = try make(dataset, number, committed)
        case .namedDatatype: throw .damaged("a named datatype is missing")
        }
        try remember(handle, as: number)
        try addAttributes(to: handle, of: number, committed)
        return handle
    }

    private func make(
        _ dataset: HDF5Blueprint.Dataset, _ number: Int, _ committed: CommittedTypes
    ) throws(HDF5Error) -> HDF5Handle {
        let datatype = try self.datatype(dataset.datatype, committed)
        let type = datatype.type
        guard let count = dataset.dataspace.space.elementCount,
            !count.multipliedReportingOverflow(by: UInt64(type.size)).overflow
        else {
            throw .damaged("a dataset's size exceeds 64 bits")
        }
        let space = try dataset.dataspace.made()
        let properties = try HDF5Handle(H5Pcreate(moe_h5_dataset_creation_class()), "make dataset properties")
        try prepare(properties, attributes: blueprint.objects[number].attributeOrder)
        if let chunk = dataset.dataspace.space.growthChunk(elementBytes: type.size) {
            // One number an axis.
            try HDF5Library.check(unsafe H5Pset_chunk(properties.id, Int32(chunk.count), chunk), "set a chunk shape")
        }
        switch dataset.fillStatus {
        case .standard: break
        case .undefined:
            try HDF5Library.check(H5Pset_fill_value(properties.id, datatype.handle.id, nil), "leave out the fill value")
        case .userDefined
        where dataset.fillValue.count == type.size && !type.containsVariableLength && !type.containsReference:
            let ids = (properties.id, datatype.handle.id)
            // Reads one element of the type.
            let status = unsafe dataset.fillValue.withUnsafeBytes {
                unsafe H5Pset_fill_value(ids.0, ids.1, $0.baseAddress)
            }
            try HDF5Library.check(status, "set the fill value")
        case .userDefined: break
        }
        let handle = try HDF5Handle(
            H5Dcreate_anon(file, datatype.handle.id, space.id, properties.id, moe_h5_default_properties()),
            "make a dataset")
        types[number] = type
        return handle
    }

    func remember(_ handle: borrowing HDF5Handle, as number: Int) throws(HDF5Error) {
        var description = moe_h5_object()
        try HDF5Library.check(unsafe moe_h5_describe_object(handle.id, &description), "find an object's place")
        addresses[number] = description.address
    }

    private func setOrders(
        _ properties: borrowing HDF5Handle, links: HDF5CreationOrder, attributes: HDF5CreationOrder
    ) throws(HDF5Error) {
        if links != .untracked {
            try HDF5Library.check(H5Pset_link_creation_order(properties.id, links.flags), "track the order of links")
        }
        try prepare(properties, attributes: attributes)
    }

    /// What the creation properties of all objects have in common: no times, which would differ from run to run.
    func prepare(_ properties: borrowing HDF5Handle, attributes order: HDF5CreationOrder) throws(HDF5Error) {
        try HDF5Library.check(H5Pset_obj_track_times(properties.id, false), "leave out times")
        guard order != .untracked else { return }
        try HDF5Library.check(H5Pset_attr_creation_order(properties.id, order.flags), "track the order of attributes")
    }

    private static func withCStrings(
        _ first: HDF5Name, _ second: HDF5Name,
        _ body: (UnsafePointer<CChar>, UnsafePointer<CChar>) throws(HDF5Error) -> Void
    ) throws(HDF5Error) {
        try unsafe first.withCString { first throws(HDF5Error) in
            try unsafe second.withCString { second throws(HDF5Error) in try unsafe body(first, second) }
        }
    }
}

extension HDF5EncodedDataspace {
    /// The space as the library has it, of the version that it was read in.
    ///
    /// The library's decoder is not made for bytes from strangers: it is only given an encoding that is the one of this space.
    func made() throws(HDF5Error) -> HDF5Handle {
        guard encoded == space.encoding(like: encoded) else { return try space.made() }
        return try HDF5Handle(
            unsafe encoded.withUnsafeBytes { unsafe H5Sdecode($0.baseAddress) }, "decode a dataspace")
    }
}

extension HDF5Dataspace {
    /// The space in the library's own version of it.
    fileprivate func made() throws(HDF5Error) -> HDF5Handle {
        switch self {
        case .null: return try HDF5Handle(H5Screate(H5S_NULL), "make a dataspace")
        case .scalar: return try HDF5Handle(H5Screate(H5S_SCALAR), "make a dataspace")
        case .simple(let dimensions, let maximum):
            let most = maximum.map { $0 ?? moe_h5_unlimited() }
            // One number an axis in both arrays.
            return try unsafe HDF5Handle(
                H5Screate_simple(Int32(dimensions.count), dimensions, most), "make a dataspace")
        }
    }

    /// The chunk shape of a dataset that can grow; nil for one that cannot. Whole trailing axes, up to 1 MiB.
    func growthChunk(elementBytes: Int) -> [UInt64]? {
        guard case .simple(let dimensions, let maximum) = self, zip(dimensions, maximum).contains(where: { $0 != $1 })
        else { return nil }
        var room = max(1, (1 << 20) / UInt64(max(1, elementBytes)))
        var chunk = [UInt64](repeating: 1, count: dimensions.count)
        for axis in dimensions.indices.reversed() {
            // An axis that is empty as yet is given a few places.
            let extent = dimensions[axis] > 0 ? dimensions[axis] : min(maximum[axis] ?? 64, 64)
            chunk[axis] = max(1, min(extent, room))
            room = max(1, room / chunk[axis])
        }
        return chunk
    }
}

extension HDF5CreationOrder {
    var flags: UInt32 {
        switch self {
        case .untracked: 0
        case .tracked: moe_h5_order_is_tracked()
        case .indexed: moe_h5_order_is_tracked() | moe_h5_order_is_indexed()
        }
    }
}

extension HDF5CharacterSet {
    var library: H5T_cset_t { self == .utf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII }
}
