import CHDF5

extension HDF5Scan {
    /// The attributes of an object, in creation order where it tracks it and by the bytes of their names otherwise.
    func attributes(
        of object: borrowing HDF5Handle, order: HDF5CreationOrder, in file: Int, as id: HDF5ObjectID
    ) throws(HDF5Error) -> [HDF5Attribute] {
        let listing = Listing(limit: limits.attributesPerObject)
        // The callback runs before the call returns, while `listing` is alive; name and description are copied.
        let status = unsafe moe_h5_iterate_attributes(
            object.id, order == .untracked ? 0 : 1,
            { _, name, info, context in
                guard let context = unsafe context, let info = unsafe info else { return -1 }
                let listing = unsafe Unmanaged<Listing>.fromOpaque(context).takeUnretainedValue()
                guard listing.entries.count < listing.limit, let name = unsafe HDF5Name(cString: name) else { return 1 }
                listing.entries.append((name, unsafe moe_h5_attribute_of(info)))
                return 0
            }, unsafe Unmanaged.passUnretained(listing).toOpaque())
        try HDF5Library.check(status, "list the attributes")
        guard status == 0 else { throw .limit("it has more than \(limits.attributesPerObject) attributes") }

        var attributes: [HDF5Attribute] = []
        for (name, entry) in listing.entries {
            do throws(HDF5Error) {
                guard name.bytes.count <= limits.nameBytes else { throw HDF5Error.limit("its name is too long") }
                let (attribute, committed) = try attribute(name, entry, of: object, tracked: order != .untracked)
                if let committed {
                    committedUses.append(
                        CommittedUse(
                            object: id, attribute: attributes.count, place: Place(file: file, address: committed)))
                }
                attributes.append(attribute)
            } catch {
                throw error.within("attribute \(name)")
            }
        }
        return attributes
    }

    private func attribute(
        _ name: HDF5Name, _ entry: moe_h5_attribute, of object: borrowing HDF5Handle, tracked: Bool
    ) throws(HDF5Error) -> (HDF5Attribute, committed: UInt64?) {
        let objectID = object.id
        let opened = try unsafe name.withCString { text throws(HDF5Error) in
            unsafe H5Aopen(objectID, text, moe_h5_default_properties())
        }
        let handle = try HDF5Handle(opened, "open it")
        let typeHandle = try HDF5Handle(H5Aget_type(handle.id), "read its datatype")
        let spaceHandle = try HDF5Handle(H5Aget_space(handle.id), "read its dataspace")
        let type = try HDF5TypeReader(limits: limits).datatype(typeHandle)
        let space = try HDF5TypeReader.dataspace(spaceHandle, limits: limits)
        guard let count = space.space.elementCount else { throw .damaged("its dimensions exceed 64 bits") }
        let elements = try HDF5Elements(
            type: type, count: count, limit: min(limits.attributeBytes, limits.totalAttributeBytes - attributeBytes))
        let attributeID = handle.id
        let value = try unsafe elements.read(type: typeHandle, space: spaceHandle) { buffer throws(HDF5Error) in
            try HDF5Library.check(unsafe H5Aread(attributeID, typeHandle.id, buffer), "read its value")
        }
        attributeBytes += value.count
        let attribute = HDF5Attribute(
            name: name, characterSet: entry.character_set == H5T_CSET_UTF8.rawValue ? .utf8 : .ascii,
            creationOrder: tracked && entry.has_creation_order != 0 ? entry.creation_order : nil,
            datatype: HDF5EncodedDatatype(
                encoded: try HDF5TypeReader.encoding(of: typeHandle, limits: limits), type: type, committed: nil),
            dataspace: space, value: value)
        return (attribute, try HDF5TypeReader.committedAddress(of: typeHandle))
    }

    private final class Listing {
        let limit: Int
        var entries: [(name: HDF5Name, attribute: moe_h5_attribute)] = []
        init(limit: Int) { self.limit = limit }
    }
}
