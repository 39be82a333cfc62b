extension HDF5Catalog {
    /// The catalog as bytes, for `init(decoding:limits:)` of the same program.
    package func encoded() -> [UInt8] {
        var encoder = CatalogEncoder()
        encoder.put(libraryVersion.major)
        encoder.put(libraryVersion.minor)
        encoder.put(libraryVersion.release)
        encoder.put(list: files) { encoder, file in
            encoder.put(file.path)
            encoder.put(file.size)
            encoder.put(file.superblockVersion)
            encoder.put(file.userBlockSize)
        }
        encoder.put(list: objects) { $1.encode(into: &$0) }
        encoder.put(list: links) { $1.encode(into: &$0) }
        return encoder.bytes
    }

    /// Decodes and validates a catalog; the bytes are trusted in nothing.
    ///
    /// - Throws: `HDF5Error` of kind `damaged` or `limit`.
    package init(decoding bytes: [UInt8], limits: HDF5Limits = .standard) throws(HDF5Error) {
        var decoder = CatalogDecoder(bytes, limits: limits)
        libraryVersion = HDF5LibraryVersion(
            major: try decoder.u32("version"), minor: try decoder.u32("version"), release: try decoder.u32("version"))
        files = try decoder.list("file", atMost: 1 + limits.externalFiles) { decoder throws(HDF5Error) in
            HDF5FileDescription(
                path: try decoder.name("file path"), size: try decoder.u64("file size"),
                superblockVersion: try decoder.u32("superblock version"),
                userBlockSize: try decoder.u64("user block size"))
        }
        objects = try decoder.list("object", atMost: limits.objects) { decoder throws(HDF5Error) in
            try HDF5Object(from: &decoder)
        }
        links = try decoder.list("link", atMost: limits.links) { decoder throws(HDF5Error) in
            try HDF5Link(from: &decoder)
        }
        try decoder.finish()
        try validate(limits: limits)
    }
}

extension HDF5Object {
    func encode(into encoder: inout CatalogEncoder) {
        switch kind {
        case .group(let linkOrder):
            encoder.put(UInt8(0))
            encoder.put(linkOrder.rawValue)
        case .dataset(let dataset):
            encoder.put(UInt8(1))
            dataset.encode(into: &encoder)
        case .namedDatatype(let datatype):
            encoder.put(UInt8(2))
            datatype.encode(into: &encoder)
        }
        encoder.put(file)
        encoder.put(address)
        encoder.put(attributeOrder.rawValue)
        encoder.put(list: attributes) { $1.encode(into: &$0) }
        encoder.put(optional: canonicalLink) { $0.put($1) }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        let limits = decoder.limits
        switch try decoder.byte("object kind") {
        case 0: kind = .group(linkOrder: try decoder.value("link order"))
        case 1: kind = .dataset(try HDF5Dataset(from: &decoder))
        case 2: kind = .namedDatatype(try HDF5EncodedDatatype(from: &decoder))
        default: throw CatalogDecoder.malformed("an object's kind is unknown")
        }
        file = try decoder.int("file index", atMost: limits.externalFiles)
        address = try decoder.u64("object address")
        attributeOrder = try decoder.value("attribute order")
        attributes = try decoder.list("attribute", atMost: limits.attributesPerObject) { decoder throws(HDF5Error) in
            try HDF5Attribute(from: &decoder)
        }
        canonicalLink = try decoder.optional("canonical link") { decoder throws(HDF5Error) in
            try decoder.int("canonical link", atMost: limits.links)
        }
    }
}

extension HDF5Attribute {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(name)
        encoder.put(characterSet.rawValue)
        encoder.put(optional: creationOrder) { $0.put($1) }
        datatype.encode(into: &encoder)
        dataspace.encode(into: &encoder)
        encoder.put(value)
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        name = try decoder.name("attribute name")
        characterSet = try decoder.value("character set")
        creationOrder = try decoder.optional("creation order") { decoder throws(HDF5Error) in
            try decoder.u32("creation order")
        }
        datatype = try HDF5EncodedDatatype(from: &decoder)
        dataspace = try HDF5EncodedDataspace(from: &decoder)
        value = try decoder.string("attribute value", atMost: decoder.limits.attributeBytes)
    }
}

extension HDF5Link {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(parent.rawValue)
        encoder.put(name)
        encoder.put(characterSet.rawValue)
        encoder.put(optional: creationOrder) { $0.put(UInt64(bitPattern: $1)) }
        switch kind {
        case .hard: encoder.put(UInt8(0))
        case .soft(let path):
            encoder.put(UInt8(1))
            encoder.put(path)
        case .external(let file, let path):
            encoder.put(UInt8(2))
            encoder.put(file)
            encoder.put(path)
        }
        encoder.put(optional: target) { $0.put($1.rawValue) }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        parent = HDF5ObjectID(rawValue: try decoder.u32("parent"))
        name = try decoder.name("link name")
        characterSet = try decoder.value("character set")
        creationOrder = try decoder.optional("creation order") { decoder throws(HDF5Error) in
            Int64(bitPattern: try decoder.u64("creation order"))
        }
        switch try decoder.byte("link kind") {
        case 0: kind = .hard
        case 1: kind = .soft(path: try decoder.name("soft link path"))
        case 2: kind = .external(file: try decoder.name("external file"), path: try decoder.name("external path"))
        default: throw CatalogDecoder.malformed("a link's kind is unknown")
        }
        target = try decoder.optional("link target") { decoder throws(HDF5Error) in
            HDF5ObjectID(rawValue: try decoder.u32("link target"))
        }
    }
}
