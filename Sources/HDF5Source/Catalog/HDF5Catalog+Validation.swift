extension HDF5Catalog {
    /// Checks that the parts fit together, so that every later use may follow ids, offsets and products without asking.
    ///
    /// - Throws: `HDF5Error` of kind `damaged` or `limit`, naming the object. O(size of the catalog).
    func validate(limits: HDF5Limits) throws(HDF5Error) {
        guard let root = objects.first, root.isGroup, root.canonicalLink == nil, !files.isEmpty else {
            throw .damaged("the file has no root group")
        }
        try validateLinks(limits: limits)
        var chunkCount = 0
        var attributeBytes = 0
        for (index, object) in objects.enumerated() {
            let id = HDF5ObjectID(rawValue: UInt32(truncatingIfNeeded: index))
            do throws(HDF5Error) {
                guard files.indices.contains(object.file) else { throw HDF5Error.damaged("it lies in no known file") }
                for attribute in object.attributes {
                    attributeBytes += attribute.value.count
                    try validate(attribute, limits: limits)
                }
                guard attributeBytes <= limits.totalAttributeBytes else {
                    throw HDF5Error.limit("attributes hold more than \(limits.totalAttributeBytes) bytes")
                }
                switch object.kind {
                case .group: break
                case .namedDatatype(let datatype): try validate(datatype, limits: limits)
                case .dataset(let dataset):
                    try validate(dataset.datatype, limits: limits)
                    try dataset.validate(fileSize: files[object.file].size, limits: limits)
                    if case .chunked(let chunked) = dataset.storage { chunkCount += chunked.chunks.count }
                    guard chunkCount <= limits.chunks else {
                        throw HDF5Error.limit("there are more than \(limits.chunks) chunks")
                    }
                }
            } catch {
                throw error.within("\(path(of: id))")
            }
        }
    }

    private func validateLinks(limits: HDF5Limits) throws(HDF5Error) {
        for (index, link) in links.enumerated() {
            guard self[link.parent]?.isGroup == true else { throw .damaged("link \(link.name) lies in no group") }
            if let target = link.target, self[target] == nil { throw .damaged("link \(link.name) leads to no object") }
            if link.kind == .hard, link.target == nil { throw .damaged("hard link \(link.name) leads to no object") }
            guard Self.isLinkName(link.name, limits: limits) else { throw .damaged("\(index) has an impossible name") }
        }
        for (index, object) in objects.enumerated().dropFirst() {
            guard let link = object.canonicalLink, links.indices.contains(link),
                links[link].target?.rawValue == UInt32(exactly: index), Int(links[link].parent.rawValue) < index
            else { throw .damaged("object \(index) has no path from the root") }
        }
    }

    /// Names that can stand in a path: not empty, not `.`, without slash and NUL.
    static func isLinkName(_ name: HDF5Name, limits: HDF5Limits) -> Bool {
        !name.bytes.isEmpty && name.bytes.count <= limits.nameBytes && name.bytes != [UInt8(ascii: ".")]
            && !name.bytes.contains(UInt8(ascii: "/")) && !name.bytes.contains(0)
    }

    private func validate(_ datatype: HDF5EncodedDatatype, limits: HDF5Limits) throws(HDF5Error) {
        try datatype.type.validate(limits: limits)
        if let committed = datatype.committed {
            guard case .namedDatatype = self[committed]?.kind else { throw .damaged("its named datatype is none") }
        }
    }

    private func validate(_ attribute: HDF5Attribute, limits: HDF5Limits) throws(HDF5Error) {
        do throws(HDF5Error) {
            try validate(attribute.datatype, limits: limits)
            guard let count = attribute.dataspace.space.elementCount else {
                throw HDF5Error.damaged("its dimensions exceed 64 bits")
            }
            guard !attribute.isSerialized else { return }
            let size = attribute.datatype.type.size
            guard size > 0 || count == 0, UInt64(attribute.value.count) / UInt64(max(size, 1)) == count,
                attribute.value.count % max(size, 1) == 0
            else { throw HDF5Error.damaged("it holds \(attribute.value.count) bytes for \(count) elements of \(size)") }
        } catch {
            throw error.within("attribute \(attribute.name)")
        }
    }
}

extension HDF5Datatype {
    /// Checks sizes and members against each other.
    func validate(limits: HDF5Limits) throws(HDF5Error) {
        guard size > 0, size <= limits.elementBytes else {
            throw .limit("an element of \(size) bytes exceeds the limit of \(limits.elementBytes)")
        }
        switch kind {
        case .compound(let members):
            for member in members {
                try member.type.validate(limits: limits)
                guard member.type.size <= size, member.offset <= size - member.type.size else {
                    throw .damaged("compound member \(member.name) reaches over the element's \(size) bytes")
                }
            }
        case .enumeration(let base, let members):
            try base.validate(limits: limits)
            guard base.size == size, members.allSatisfy({ $0.value.count == size }) else {
                throw .damaged("an enumeration's values differ from its element in size")
            }
        case .variableLength(let element): try element.validate(limits: limits)
        case .array(let element, let dimensions):
            try element.validate(limits: limits)
            var bytes = UInt64(element.size)
            for dimension in dimensions {
                let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
                guard !overflow else { throw .damaged("an array datatype exceeds 64 bits") }
                bytes = product
            }
            guard bytes == UInt64(size) else { throw .damaged("an array datatype's size is not that of its elements") }
        default: break
        }
    }
}
