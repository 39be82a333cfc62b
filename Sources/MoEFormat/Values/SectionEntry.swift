/// What a section holds: SPEC.md §5.
enum SectionKind: UInt32, CaseIterable {
    case blocks = 1
    case banks, tensors, aliases, parts, tensorParts, links, dims, nameIndex, names, pageHashes, model, config, source,
        set

    /// Bytes of a record in version 1.0; later versions may only append.
    var leastStride: Int {
        switch self {
        case .blocks, .banks, .tensors, .parts: 64
        case .aliases, .nameIndex: 16
        case .links, .dims, .pageHashes: 8
        case .tensorParts: 4
        case .names, .model, .config, .source: 1
        case .set: SetRecord.encodedSize
        }
    }

    /// Whether every file has it.
    var isRequired: Bool { rawValue <= SectionKind.model.rawValue }
    var isCritical: Bool { isRequired || self == .set }
    /// Whether its records describe the model: those of a set are in the head alone.
    var isOfModel: Bool { rawValue <= SectionKind.names.rawValue }
    var isInDirectory: Bool { self != .pageHashes && self != .model }
}

/// An entry of the section table: SPEC.md §5.
struct SectionEntry: Equatable {
    static let encodedSize = 48

    var kind: UInt32
    var isCritical: Bool
    var offset: UInt64
    var length: UInt64
    var stride: UInt32
    var count: UInt64
    var hash: UInt64

    init(_ kind: SectionKind, offset: UInt64, bytes: [UInt8]) {
        self.kind = kind.rawValue
        self.isCritical = kind.isCritical
        self.offset = offset
        self.length = UInt64(bytes.count)
        self.stride = UInt32(kind.leastStride)
        self.count = UInt64(bytes.count / kind.leastStride)
        self.hash = kind.isInDirectory ? 0 : XXH3.hash64(bytes)
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        kind = try reader.u32()
        isCritical = try reader.u32() & 1 != 0
        offset = try reader.u64()
        length = try reader.u64()
        stride = try reader.u32()
        try reader.zeros(4, rule: .envelopeZeros)
        count = try reader.u64()
        let hashOffset = reader.offset
        hash = try reader.u64()
        let isHashed = kind == SectionKind.pageHashes.rawValue || kind == SectionKind.model.rawValue
        guard isHashed || hash == 0 else {
            throw .broken(
                .envelopeZeros, at: hashOffset, "section kind \(kind) has a hash, which its pages have already")
        }
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(kind)
        writer.put(isCritical ? UInt32(1) : 0)
        writer.put(offset)
        writer.put(length)
        writer.put(stride)
        writer.zeros(4)
        writer.put(count)
        writer.put(hash)
    }
}

/// The sections of a file whose kind this version knows. Looked up with every record, so by number and without hashing.
struct KnownSections {
    // Kinds are numbered from 1 on without gaps.
    private var entries = [SectionEntry?](repeating: nil, count: SectionKind.allCases.count + 1)

    subscript(kind: SectionKind) -> SectionEntry? {
        get { entries[Int(kind.rawValue)] }
        set { entries[Int(kind.rawValue)] = newValue }
    }
}
