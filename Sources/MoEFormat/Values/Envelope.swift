/// The file's first 64 bytes: SPEC.md §3.
enum Header {
    static let encodedSize = 64
    static let magic: [UInt8] = [0x89, 0x4D, 0x4F, 0x45, 0x0D, 0x0A, 0x1A, 0x0A]
    static let major: UInt16 = 1
    static let minor: UInt16 = 0

    /// Checks the rules R02 and R03 and returns the minor version.
    static func check(_ bytes: [UInt8]) throws(FormatError) -> UInt16 {
        var reader = ByteReader(bytes, rule: .magic)
        guard try reader.bytes(8).elementsEqual(magic) else {
            throw .broken(.magic, at: 0, "this is not a .moe file: it does not begin with its magic bytes")
        }
        let found = try reader.u16()
        guard found == major else {
            throw .broken(
                .majorVersion, at: 8, "the file has format version \(found); this reader knows version \(major)")
        }
        return try reader.u16()
    }

    /// Checks the rule R07 in the header.
    static func checkZeros(_ bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, rule: .envelopeZeros)
        try reader.skip(12)
        let length = try reader.u32()
        guard length == encodedSize else {
            throw .broken(.envelopeZeros, at: 12, "the header's length is \(length), not \(encodedSize)")
        }
        try reader.zeros(48, rule: .envelopeZeros)
    }

    static var encoded: [UInt8] {
        var writer = ByteWriter(reserving: encodedSize)
        writer.put(magic)
        writer.put(major)
        writer.put(minor)
        writer.put(UInt32(encodedSize))
        writer.zeros(48)
        return writer.bytes
    }
}

/// The file's last 64 bytes: SPEC.md §4.
struct Footer: Equatable {
    static let encodedSize = 64
    /// The bit of `required_features` that says that the file is one of a set.
    static let setFeature: UInt32 = 1
    static let endMagic: [UInt8] = [0x0A, 0x1A, 0x0A, 0x0D, 0x45, 0x4F, 0x4D, 0x89]

    var fileLength: UInt64
    var sectionTableOffset: UInt64
    var sectionCount: UInt32
    var requiredFeatures: UInt32
    var directoryOffset: UInt64
    var directoryLength: UInt64
    var optionalFeatures: UInt32

    private var reserved: UInt32 = 0
    /// The hash that the footer of `bytes` holds.
    private(set) var envelopeHash: UInt64 = 0

    init(
        fileLength: UInt64, sectionTableOffset: UInt64, sectionCount: UInt32, requiredFeatures: UInt32,
        directoryOffset: UInt64, directoryLength: UInt64
    ) {
        self.fileLength = fileLength
        self.sectionTableOffset = sectionTableOffset
        self.sectionCount = sectionCount
        self.requiredFeatures = requiredFeatures
        self.directoryOffset = directoryOffset
        self.directoryLength = directoryLength
        self.optionalFeatures = 0
    }

    /// Reads the footer and checks what it says by itself: the rules R01 and R04.
    init(_ bytes: [UInt8], fileLength actual: UInt64) throws(FormatError) {
        let base = actual - UInt64(Footer.encodedSize)
        var reader = ByteReader(bytes, base: base, rule: .fileEnds)
        guard bytes.suffix(8).elementsEqual(Footer.endMagic) else {
            throw .broken(
                .fileEnds, at: base + 56, "the file does not end like a .moe file: it is truncated or something else")
        }
        fileLength = try reader.u64()
        guard fileLength == actual else {
            throw .broken(.fileLength, at: base, "the file has \(actual) bytes, its footer says \(fileLength)")
        }
        sectionTableOffset = try reader.u64()
        sectionCount = try reader.u32()
        requiredFeatures = try reader.u32()
        directoryOffset = try reader.u64()
        directoryLength = try reader.u64()
        optionalFeatures = try reader.u32()
        reserved = try reader.u32()
        envelopeHash = try reader.u64()
    }

    /// Checks the rule R07 in the footer.
    func checkZeros() throws(FormatError) {
        guard reserved == 0 else {
            throw .broken(
                .envelopeZeros, at: fileLength - 20, "the footer's reserved bytes hold \(reserved), not 0")
        }
    }

    /// The hash over header, section table and the footer's first 48 bytes.
    static func envelopeHash(header: [UInt8], sectionTable: [UInt8], footer: [UInt8]) -> UInt64 {
        XXH3.hash64(header + sectionTable + footer.prefix(48))
    }

    /// The footer's bytes, with the envelope hash for this header and section table.
    func encoded(header: [UInt8], sectionTable: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reserving: Footer.encodedSize)
        writer.put(fileLength)
        writer.put(sectionTableOffset)
        writer.put(sectionCount)
        writer.put(requiredFeatures)
        writer.put(directoryOffset)
        writer.put(directoryLength)
        writer.put(optionalFeatures)
        writer.zeros(4)
        writer.put(Footer.envelopeHash(header: header, sectionTable: sectionTable, footer: writer.bytes))
        writer.put(Footer.endMagic)
        return writer.bytes
    }
}
