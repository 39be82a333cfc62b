extension HDF5EncodedDatatype {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(encoded)
        type.encode(into: &encoder)
        encoder.put(optional: committed) { $0.put($1.rawValue) }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        encoded = try decoder.string("datatype encoding", atMost: decoder.limits.encodedTypeBytes)
        type = try HDF5Datatype(from: &decoder)
        committed = try decoder.optional("named datatype") { decoder throws(HDF5Error) in
            HDF5ObjectID(rawValue: try decoder.u32("named datatype"))
        }
    }
}

extension HDF5EncodedDataspace {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(encoded)
        switch space {
        case .null: encoder.put(UInt8(0))
        case .scalar: encoder.put(UInt8(1))
        case .simple(let dimensions, let maximum):
            encoder.put(UInt8(2))
            encoder.put(list: dimensions) { $0.put($1) }
            encoder.put(list: maximum) { $0.put(optional: $1) { $0.put($1) } }
        }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        let rank = decoder.limits.rank
        encoded = try decoder.string("dataspace encoding", atMost: decoder.limits.encodedTypeBytes)
        switch try decoder.byte("dataspace class") {
        case 0: space = .null
        case 1: space = .scalar
        case 2:
            space = .simple(
                dimensions: try decoder.list("dimension", atMost: rank) { decoder throws(HDF5Error) in
                    try decoder.u64("dimension")
                },
                maximum: try decoder.list("maximum dimension", atMost: rank) { decoder throws(HDF5Error) in
                    try decoder.optional("maximum dimension") { decoder throws(HDF5Error) in
                        try decoder.u64("maximum dimension")
                    }
                })
        default: throw CatalogDecoder.malformed("a dataspace's class is unknown")
        }
    }
}

extension HDF5Dataset {
    func encode(into encoder: inout CatalogEncoder) {
        datatype.encode(into: &encoder)
        dataspace.encode(into: &encoder)
        switch storage {
        case .contiguous(let offset):
            encoder.put(UInt8(0))
            encoder.put(optional: offset) { $0.put($1) }
        case .compact(let bytes):
            encoder.put(UInt8(1))
            encoder.put(bytes)
        case .chunked(let chunked):
            encoder.put(UInt8(2))
            chunked.encode(into: &encoder)
        }
        encoder.put(fillValue.status.rawValue)
        encoder.put(fillValue.bytes)
        encoder.put(fillValue.allocationTime.rawValue)
        encoder.put(fillValue.writeTime.rawValue)
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        datatype = try decoder.datatype()
        dataspace = try decoder.dataspace()
        switch try decoder.byte("storage") {
        case 0:
            storage = .contiguous(
                offset: try decoder.optional("data offset") { decoder throws(HDF5Error) in
                    try decoder.u64("data offset")
                })
        case 1: storage = .compact(try decoder.string("compact data", atMost: decoder.limits.elementBytes))
        case 2: storage = .chunked(try HDF5ChunkedStorage(from: &decoder))
        default: throw CatalogDecoder.malformed("a dataset's storage is unknown")
        }
        fillValue = HDF5FillValue(
            status: try decoder.value("fill value status"),
            bytes: try decoder.string("fill value", atMost: decoder.limits.elementBytes),
            allocationTime: try decoder.value("allocation time"),
            writeTime: try decoder.value("fill time"))
    }
}

extension HDF5ChunkedStorage {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(list: chunkDimensions) { $0.put($1) }
        encoder.put(list: filters) { encoder, filter in
            encoder.put(UInt32(filter.id.rawValue))
            encoder.put(filter.name)
            encoder.put(filter.isOptional)
            encoder.put(list: filter.parameters) { $0.put($1) }
            encoder.put(filter.isDecodableByLibrary)
        }
        encoder.put(leavesPartialChunksUnfiltered)
        encoder.put(list: chunks) { encoder, chunk in
            encoder.put(chunk.index)
            encoder.put(chunk.fileOffset)
            encoder.put(chunk.storedSize)
            encoder.put(chunk.filterMask)
        }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        let limits = decoder.limits
        chunkDimensions = try decoder.list("chunk dimension", atMost: limits.rank) { decoder throws(HDF5Error) in
            try decoder.u64("chunk dimension")
        }
        filters = try decoder.list("filter", atMost: limits.filters) { decoder throws(HDF5Error) in
            HDF5Filter(
                id: HDF5FilterID(
                    rawValue: UInt16(truncatingIfNeeded: try decoder.int("filter number", atMost: 0xFFFF))),
                name: try decoder.name("filter name"),
                isOptional: try decoder.bool("filter option"),
                parameters: try decoder.list("filter parameter", atMost: limits.filterParameters) {
                    decoder throws(HDF5Error) in try decoder.u32("filter parameter")
                },
                isDecodableByLibrary: try decoder.bool("filter support"))
        }
        leavesPartialChunksUnfiltered = try decoder.bool("partial chunk option")
        chunks = try decoder.list("chunk", atMost: limits.chunks) { decoder throws(HDF5Error) in
            HDF5Chunk(
                index: try decoder.u64("chunk index"), fileOffset: try decoder.u64("chunk offset"),
                storedSize: try decoder.u64("chunk size"), filterMask: try decoder.u32("filter mask"))
        }
    }
}
