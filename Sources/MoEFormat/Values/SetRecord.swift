/// What a set says about one of its files: SPEC.md §13.2.
struct SetRecord: Equatable {
    static let encodedSize = 40

    /// Stands for the content of the whole set and for how it is cut.
    var identity: ContentHash
    var fileLength: UInt64
    var directoryOffset: UInt64
    /// 0 for the head.
    var file: UInt16
    var memberCount: UInt16

    var isHead: Bool { file == 0 }

    init(
        identity: ContentHash, fileLength: UInt64, directoryOffset: UInt64, file: UInt16, memberCount: UInt16
    ) {
        self.identity = identity
        self.fileLength = fileLength
        self.directoryOffset = directoryOffset
        self.file = file
        self.memberCount = memberCount
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        identity = ContentHash(low: try reader.u64(), high: try reader.u64())
        fileLength = try reader.u64()
        directoryOffset = try reader.u64()
        file = try reader.u16()
        memberCount = try reader.u16()
        try reader.zeros(4, rule: .setRecords)
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(identity.low)
        writer.put(identity.high)
        writer.put(fileLength)
        writer.put(directoryOffset)
        writer.put(file)
        writer.put(memberCount)
        writer.zeros(4)
    }
}
