/// How a part's chunks are stored: SPEC.md §11.
public enum Encoding: UInt8, Sendable {
    case raw = 0
    case planes = 1
}

/// What a link's companion is for: SPEC.md §6.7.
public enum LinkKind: UInt16, Sendable {
    case scale = 1
    case globalScale, zeroPoint, groupIndex
}

/// A run of a tensor's elements in one block: SPEC.md §6.5.
package struct PartRecord: Equatable, Sendable {
    package var startElement: UInt64
    package var elementCount: UInt64
    package var rowLength: UInt64
    package var storedLength: UInt64
    package var tensor: UInt32
    package var block: UInt32
    package var firstChunk: UInt32
    package var chunkCount: UInt32
    package var chunkElements: UInt32
    package var role: UInt16
    package var scheme: UInt16
    package var encoding: UInt8
    package var rotation: UInt8
    package var orientation: UInt8
    package var linkCount: UInt8
    package var firstLink: UInt32

    package init(
        tensor: UInt32, block: UInt32, startElement: UInt64, elementCount: UInt64, rowLength: UInt64,
        chunkElements: UInt32,
        firstChunk: UInt32, role: Role, orientation: Orientation, scheme: Int
    ) {
        self.startElement = startElement
        self.elementCount = elementCount
        self.rowLength = rowLength
        self.storedLength = 0
        self.tensor = tensor
        self.block = block
        self.firstChunk = firstChunk
        self.chunkCount = 0
        self.chunkElements = chunkElements
        self.role = role.rawValue
        self.scheme = UInt16(scheme)
        self.encoding = Encoding.raw.rawValue
        self.rotation = 0
        self.orientation = orientation.rawValue
        self.linkCount = 0
        self.firstLink = 0
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        startElement = try reader.u64()
        elementCount = try reader.u64()
        rowLength = try reader.u64()
        storedLength = try reader.u64()
        tensor = try reader.u32()
        block = try reader.u32()
        firstChunk = try reader.u32()
        chunkCount = try reader.u32()
        chunkElements = try reader.u32()
        role = try reader.u16()
        scheme = try reader.u16()
        encoding = try reader.u8()
        rotation = try reader.u8()
        orientation = try reader.u8()
        linkCount = try reader.u8()
        firstLink = try reader.u32()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(startElement)
        writer.put(elementCount)
        writer.put(rowLength)
        writer.put(storedLength)
        writer.put(tensor)
        writer.put(block)
        writer.put(firstChunk)
        writer.put(chunkCount)
        writer.put(chunkElements)
        writer.put(role)
        writer.put(scheme)
        writer.put(encoding)
        writer.put(rotation)
        writer.put(orientation)
        writer.put(linkCount)
        writer.put(firstLink)
    }
}

/// The companion of a quantised part: SPEC.md §6.7.
package struct LinkRecord: Equatable, Sendable {
    package var kind: UInt16
    package var part: UInt32

    package init(kind: LinkKind, part: UInt32) {
        self.kind = kind.rawValue
        self.part = part
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        kind = try reader.u16()
        try reader.zeros(2, rule: .recordZeros)
        part = try reader.u32()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(kind)
        writer.zeros(2)
        writer.put(part)
    }
}
