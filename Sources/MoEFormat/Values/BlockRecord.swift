/// The `u32` that stands for "none": SPEC.md §1.
package let none32 = UInt32.max

/// What a block is for.
public enum BlockKind: UInt8, Sendable {
    case dense = 0
    case router, shared, expert
}

/// One contiguous run of the file that is read together: SPEC.md §6.1.
package struct BlockRecord: Equatable, Sendable {
    package var offset: UInt64
    package var length: UInt64
    package var tableOffset: UInt64
    package var tableHash: UInt64
    package var chunkCount: UInt32
    package var firstPart: UInt32
    package var partCount: UInt32
    package var bank: UInt32
    package var expert: UInt32
    package var file: UInt16
    package var kind: UInt8
    package var alignmentLog2: UInt8
    package var decodedLength: UInt64

    package init(kind: BlockKind, bank: Int?, expert: Int?, offset: UInt64, alignmentLog2: UInt8, firstPart: UInt32) {
        self.offset = offset
        self.length = 0
        self.tableOffset = 0
        self.tableHash = 0
        self.chunkCount = 0
        self.firstPart = firstPart
        self.partCount = 0
        self.bank = bank.map { UInt32($0) } ?? none32
        self.expert = expert.map { UInt32($0) } ?? none32
        self.file = 0
        self.kind = kind.rawValue
        self.alignmentLog2 = alignmentLog2
        self.decodedLength = 0
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        offset = try reader.u64()
        length = try reader.u64()
        tableOffset = try reader.u64()
        tableHash = try reader.u64()
        chunkCount = try reader.u32()
        firstPart = try reader.u32()
        partCount = try reader.u32()
        bank = try reader.u32()
        expert = try reader.u32()
        file = try reader.u16()
        kind = try reader.u8()
        alignmentLog2 = try reader.u8()
        decodedLength = try reader.u64()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(offset)
        writer.put(length)
        writer.put(tableOffset)
        writer.put(tableHash)
        writer.put(chunkCount)
        writer.put(firstPart)
        writer.put(partCount)
        writer.put(bank)
        writer.put(expert)
        writer.put(file)
        writer.put(kind)
        writer.put(alignmentLog2)
        writer.put(decodedLength)
    }
}

/// An entry of a block's chunk table: SPEC.md §6.1.
package struct ChunkEntry: Equatable, Sendable {
    package static let encodedSize = 24

    /// From the block's start.
    package var offset: UInt64
    package var hash: UInt64
    package var storedLength: UInt32

    package init(offset: UInt64, hash: UInt64, storedLength: UInt32) {
        self.offset = offset
        self.hash = hash
        self.storedLength = storedLength
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        offset = try reader.u64()
        hash = try reader.u64()
        storedLength = try reader.u32()
        try reader.zeros(4, rule: .recordZeros)
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(offset)
        writer.put(hash)
        writer.put(storedLength)
        writer.zeros(4)
    }
}
