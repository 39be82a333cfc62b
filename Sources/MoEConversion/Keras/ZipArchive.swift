import MoESystem

/// The members of a ZIP archive, by the central directory at its end, with the 64-bit extension.
///
/// What a Keras archive needs and no more: no encryption, no archives in several files; members stored or deflated. The layout is that
/// of PKWARE's APPNOTE.TXT 6.3.10, §4.3.
struct ZipArchive {
    struct Member {
        enum Compression { case stored, deflated }

        var name: String
        var compression: Compression
        var compressedSize: UInt64
        var size: UInt64
        var checksum: UInt32
        /// Of its local header.
        var headerOffset: UInt64
    }

    static let memberLimit = 1 << 16
    static let directoryLimit: UInt64 = 64 << 20

    let file: ReadableFile
    let members: [Member]

    /// - Throws: `ConversionError`: `damaged` for what is no such archive, `limit` for one with too many members.
    init(_ file: ReadableFile) throws(ConversionError) {
        self.file = file
        do throws(ConversionError) {
            members = try Self.directory(of: file)
        } catch {
            throw error.within(file.path)
        }
    }

    /// The member of that name; nil when there is none.
    ///
    /// - Throws: `ConversionError.damaged` when there are several.
    func member(named name: String) throws(ConversionError) -> Member? {
        let found = members.filter { $0.name.utf8.elementsEqual(name.utf8) }
        guard found.count <= 1 else { throw .damaged("\(file.path) has several members \(name)") }
        return found.first
    }

    /// Where a member's bytes lie.
    func range(of member: Member) throws(ConversionError) -> Range<UInt64> {
        guard member.headerOffset <= file.size, file.size - member.headerOffset >= 30 else {
            throw .damaged("\(file.path): member \(member.name) lies outside the archive")
        }
        var header = LittleEndianFields(try file.input(at: member.headerOffset, count: 30))
        guard try header.u32() == 0x0403_4B50 else {
            throw .damaged("\(file.path): member \(member.name) has no local header")
        }
        try header.skip(22)
        let nameLength = UInt64(try header.u16())
        let start = member.headerOffset + 30 + nameLength + UInt64(try header.u16())
        guard start <= file.size, member.compressedSize <= file.size - start else {
            throw .damaged("\(file.path): member \(member.name) runs past the end of the archive")
        }
        return start..<start + member.compressedSize
    }

    private static func directory(of file: ReadableFile) throws(ConversionError) -> [Member] {
        // The end record is 22 bytes and a comment of up to 65 535.
        let tailLength = min(file.size, 22 + 65_535)
        let tail = try file.input(at: file.size - tailLength, count: Int(tailLength))
        guard tail.count >= 22,
            let place = (0...tail.count - 22).reversed().first(where: {
                tail[$0...].starts(with: [0x50, 0x4B, 0x05, 0x06])
            })
        else { throw .damaged("it has no end record: it is no ZIP archive, or cut off") }
        var end = LittleEndianFields(Array(tail[place...]))
        try end.skip(8)
        _ = try end.u16()
        var count = UInt64(try end.u16())
        var size = UInt64(try end.u32())
        var offset = UInt64(try end.u32())
        let endOffset = file.size - tailLength + UInt64(place)
        if count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF, endOffset >= 20 {
            var locator = LittleEndianFields(try file.input(at: endOffset - 20, count: 20))
            if try locator.u32() == 0x0706_4B50 {
                try locator.skip(4)
                let record = try locator.u64()
                guard record <= file.size, file.size - record >= 56 else {
                    throw .damaged("its 64-bit end record lies outside it")
                }
                var wide = LittleEndianFields(try file.input(at: record, count: 56))
                guard try wide.u32() == 0x0606_4B50 else { throw .damaged("its 64-bit end record is damaged") }
                try wide.skip(28)
                count = try wide.u64()
                size = try wide.u64()
                offset = try wide.u64()
            }
        }
        guard count <= UInt64(memberLimit), size <= directoryLimit else {
            throw ConversionError(
                .limit,
                "it has \(count) members in a directory of \(size) bytes; at most \(memberLimit) in \(directoryLimit) are read"
            )
        }
        guard offset <= file.size, size <= file.size - offset else { throw .damaged("its directory lies outside it") }
        var fields = LittleEndianFields(try file.input(at: offset, count: Int(size)))
        var members: [Member] = []
        for _ in 0..<count { if let member = try Self.member(&fields) { members.append(member) } }
        return members
    }

    /// The next entry of the directory; nil for one that cannot be read here (encrypted, or compressed in another way), which
    /// matters only to who wants it.
    private static func member(_ fields: inout LittleEndianFields) throws(ConversionError) -> Member? {
        guard try fields.u32() == 0x0201_4B50 else { throw .damaged("its directory is damaged") }
        try fields.skip(4)
        let flags = try fields.u16()
        let method = try fields.u16()
        try fields.skip(4)
        let checksum = try fields.u32()
        var compressedSize = UInt64(try fields.u32())
        var size = UInt64(try fields.u32())
        let nameLength = Int(try fields.u16())
        let extraLength = Int(try fields.u16())
        let commentLength = Int(try fields.u16())
        try fields.skip(8)
        var headerOffset = UInt64(try fields.u32())
        let name = String(decoding: try fields.bytes(nameLength), as: UTF8.self)
        var extra = LittleEndianFields(Array(try fields.bytes(extraLength)))
        try fields.skip(commentLength)
        while extra.remaining >= 4 {
            let kind = try extra.u16()
            let length = Int(try extra.u16())
            var field = LittleEndianFields(Array(try extra.bytes(min(length, extra.remaining))))
            guard kind == 1 else { continue }
            if size == 0xFFFF_FFFF { size = try field.u64() }
            if compressedSize == 0xFFFF_FFFF { compressedSize = try field.u64() }
            if headerOffset == 0xFFFF_FFFF { headerOffset = try field.u64() }
        }
        guard flags & 1 == 0,
            let compression: Member.Compression = method == 0 ? .stored : method == 8 ? .deflated : nil
        else { return nil }
        return Member(
            name: name, compression: compression, compressedSize: compressedSize, size: size, checksum: checksum,
            headerOffset: headerOffset)
    }
}

/// Little-endian fields, each inside the bytes there are.
private struct LittleEndianFields {
    private let content: [UInt8]
    private var position = 0

    init(_ content: [UInt8]) { self.content = content }

    var remaining: Int { content.count - position }

    mutating func bytes(_ count: Int) throws(ConversionError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw .damaged("its directory is cut off") }
        defer { position += count }
        return content[position..<position + count]
    }

    mutating func skip(_ count: Int) throws(ConversionError) { _ = try bytes(count) }
    mutating func u16() throws(ConversionError) -> UInt16 { try number(2) }
    mutating func u32() throws(ConversionError) -> UInt32 { try number(4) }
    mutating func u64() throws(ConversionError) -> UInt64 { try number(8) }

    private mutating func number<I: FixedWidthInteger>(_ count: Int) throws(ConversionError) -> I {
        try bytes(count).reversed().reduce(0) { $0 << 8 | I($1) }
    }
}
