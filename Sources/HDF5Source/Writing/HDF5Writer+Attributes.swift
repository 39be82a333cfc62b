import CHDF5

extension HDF5Writer {
    /// Makes an object's attributes in their order. Values that hold references wait for `fillReferences`: what they lead to
    /// may not be there yet.
    func addAttributes(to object: borrowing HDF5Handle, of number: Int, _ committed: CommittedTypes) throws(HDF5Error) {
        for attribute in blueprint.objects[number].attributes {
            do throws(HDF5Error) {
                let datatype = try self.datatype(attribute.datatype, committed)
                let space = try attribute.dataspace.made()
                let properties = try HDF5Handle(
                    H5Pcreate(moe_h5_attribute_creation_class()), "make attribute properties")
                try HDF5Library.check(
                    H5Pset_char_encoding(properties.id, attribute.characterSet.library), "set a name's character set")
                let ids = (object: object.id, type: datatype.handle.id, space: space.id, properties: properties.id)
                let created = try unsafe attribute.name.withCString { name throws(HDF5Error) in
                    unsafe H5Acreate2(
                        ids.object, name, ids.type, ids.space, ids.properties, moe_h5_default_properties())
                }
                let handle = try HDF5Handle(created, "make it")
                guard !datatype.type.containsReference else { continue }
                try write(attribute, type: datatype.type, datatype.handle, to: handle)
            } catch {
                throw error.within("attribute \(attribute.name)")
            }
        }
    }

    /// Writes the values that hold references, now that all objects are there.
    func fillReferences() throws(HDF5Error) {
        for (number, object) in blueprint.objects.enumerated() {
            guard let address = addresses[number] else { continue }
            for attribute in object.attributes {
                guard try HDF5Datatype(encoded: attribute.datatype.encoded, limits: limits).containsReference else {
                    continue
                }
                let handle = try HDF5Handle(moe_h5_open_object(file, address), "open an object")
                let id = handle.id
                let opened = try unsafe attribute.name.withCString { name throws(HDF5Error) in
                    unsafe H5Aopen(id, name, moe_h5_default_properties())
                }
                let attributeHandle = try HDF5Handle(opened, "open an attribute")
                let typeHandle = try HDF5Handle(H5Aget_type(attributeHandle.id), "read its datatype")
                let type = try HDF5TypeReader(limits: limits).datatype(typeHandle)
                do throws(HDF5Error) {
                    try write(attribute, type: type, typeHandle, to: attributeHandle)
                } catch {
                    throw error.within("attribute \(attribute.name)")
                }
            }
        }
    }

    private func write(
        _ attribute: HDF5Blueprint.Attribute, type: HDF5Datatype, _ typeHandle: borrowing HDF5Handle,
        to handle: borrowing HDF5Handle
    ) throws(HDF5Error) {
        guard let count = attribute.dataspace.space.elementCount else {
            throw .damaged("its dimensions exceed 64 bits")
        }
        let image = try ElementImage(attribute.value, count: count, type: type, limits: limits, relocate: relocation)
        guard count > 0 else { return }
        let ids = (attribute: handle.id, type: typeHandle.id)
        try unsafe image.withElements { start throws(HDF5Error) in
            // The image holds as many elements of the type as the space has.
            _ = try HDF5Library.check(unsafe H5Awrite(ids.attribute, ids.type, start), "write its value")
        }
    }
}
