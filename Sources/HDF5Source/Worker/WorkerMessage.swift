import MoESystem

/// What parent and worker say to each other: one byte of kind, then the payload.
enum WorkerMessage: Equatable {
    // From the parent.
    case open(HDF5Options, addressSpaceBytes: UInt64)
    case readBox(HDF5ObjectID, start: [UInt64], extent: [UInt64])
    // From the worker.
    /// The worker is alive and moving on; says nothing else.
    case progress
    /// An encoded catalog.
    case catalog([UInt8])
    case elements([UInt8])
    case failure(HDF5Error)

    func encoded() -> [UInt8] {
        var encoder = CatalogEncoder()
        switch self {
        case .open(let options, let addressSpaceBytes):
            encoder.put(UInt8(1))
            encoder.put(options.externalLinks.rawValue)
            options.limits.encode(into: &encoder)
            encoder.put(addressSpaceBytes)
        case .readBox(let id, let start, let extent):
            encoder.put(UInt8(2))
            encoder.put(id.rawValue)
            encoder.put(list: start) { $0.put($1) }
            encoder.put(list: extent) { $0.put($1) }
        case .progress: encoder.put(UInt8(3))
        case .catalog(let bytes):
            encoder.put(UInt8(4))
            encoder.put(bytes)
        case .elements(let bytes):
            encoder.put(UInt8(5))
            encoder.put(bytes)
        case .failure(let error):
            encoder.put(UInt8(6))
            error.encode(into: &encoder)
        }
        return encoder.bytes
    }

    init(decoding bytes: [UInt8], limits: HDF5Limits) throws(HDF5Error) {
        var decoder = CatalogDecoder(bytes, limits: limits)
        switch try decoder.byte("message kind") {
        case 1:
            let links = try decoder.value("external links", as: HDF5ExternalLinks.self)
            let limits = try HDF5Limits(from: &decoder)
            self = .open(
                HDF5Options(externalLinks: links, limits: limits),
                addressSpaceBytes: try decoder.u64("address space"))
        case 2:
            self = .readBox(
                HDF5ObjectID(rawValue: try decoder.u32("dataset")), start: try Self.coordinates(&decoder),
                extent: try Self.coordinates(&decoder))
        case 3: self = .progress
        case 4: self = .catalog(try decoder.string("catalog", atMost: limits.catalogBytes))
        case 5: self = .elements(try decoder.string("elements", atMost: limits.answerBytes))
        case 6: self = .failure(try HDF5Error(from: &decoder))
        default: throw CatalogDecoder.malformed("a message's kind is unknown")
        }
        try decoder.finish()
    }

    /// Bytes of the longest message that keeps the limits.
    static func longest(_ limits: HDF5Limits) -> UInt64 {
        UInt64(max(limits.catalogBytes, limits.answerBytes)).addingReportingOverflow(64).partialValue
    }

    private static func coordinates(_ decoder: inout CatalogDecoder) throws(HDF5Error) -> [UInt64] {
        try decoder.list("coordinate", atMost: decoder.limits.rank) { decoder throws(HDF5Error) in
            try decoder.u64("coordinate")
        }
    }
}

extension HDF5Error {
    func encode(into encoder: inout CatalogEncoder) {
        encoder.put(kind.rawValue)
        encoder.put(Array(message.utf8))
        encoder.put(optional: system) { encoder, system in
            encoder.put(Array(system.operation.utf8))
            encoder.put(Array(system.path.utf8))
            encoder.put(UInt32(bitPattern: system.number))
        }
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        let kind = try decoder.value("error kind", as: Kind.self)
        let message = HDF5Name(try decoder.string("error message", atMost: Self.longestMessage)).line
        let system = try decoder.optional("system error") { decoder throws(HDF5Error) in
            SystemError(
                HDF5Name(try decoder.string("operation", atMost: Self.longestMessage)).line,
                path: HDF5Name(try decoder.string("path", atMost: Self.longestMessage)).line,
                number: Int32(bitPattern: try decoder.u32("error number")))
        }
        self.init(kind, message, system: system)
    }

    private static let longestMessage = 1 << 20
}

extension HDF5Limits {
    /// All of them, in order of declaration, as they travel.
    private static var fields: [any WritableKeyPath<HDF5Limits, Int> & Sendable] {
        [
            \.objects, \.links, \.nameBytes, \.depth, \.linkTraversals, \.externalFiles, \.attributesPerObject,
            \.attributeBytes, \.totalAttributeBytes, \.encodedTypeBytes, \.datatypeDepth, \.datatypeMembers,
            \.elementBytes, \.rank, \.chunks, \.chunkBytes, \.filters, \.filterParameters, \.catalogBytes,
            \.answerBytes,
        ]
    }

    func encode(into encoder: inout CatalogEncoder) {
        for field in Self.fields { encoder.put(self[keyPath: field]) }
        encoder.put(declaredBytesAlwaysAllowed)
        encoder.put(declaredBytesPerStoredByte)
    }

    init(from decoder: inout CatalogDecoder) throws(HDF5Error) {
        self.init()
        for field in Self.fields { self[keyPath: field] = try decoder.int("limit", atMost: .max) }
        declaredBytesAlwaysAllowed = try decoder.u64("limit")
        declaredBytesPerStoredByte = try decoder.u64("limit")
    }
}
