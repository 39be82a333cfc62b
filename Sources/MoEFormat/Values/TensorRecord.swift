/// What the checkpoint called a tensor: SPEC.md §6.3.
struct TensorRecord: Equatable {
    var nameOffset: UInt64
    var contentHash: ContentHash
    var nameLength: UInt32
    var dtype: UInt16
    var rank: UInt8
    var firstDim: UInt32
    var firstPart: UInt32
    var partCount: UInt32
    var opaqueLength: UInt32
    var elementCount: UInt64

    init(
        nameOffset: UInt64, contentHash: ContentHash, nameLength: UInt32, dtype: Dtype, rank: UInt8, firstDim: UInt32,
        firstPart: UInt32, partCount: UInt32, elementCount: UInt64
    ) {
        self.nameOffset = nameOffset
        self.contentHash = contentHash
        self.nameLength = nameLength
        self.dtype = dtype.code
        self.rank = rank
        self.firstDim = firstDim
        self.firstPart = firstPart
        self.partCount = partCount
        self.opaqueLength = if case .opaque(let bytes) = dtype { UInt32(bytes) } else { 0 }
        self.elementCount = elementCount
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        nameOffset = try reader.u64()
        contentHash = ContentHash(low: try reader.u64(), high: try reader.u64())
        nameLength = try reader.u32()
        dtype = try reader.u16()
        rank = try reader.u8()
        try reader.skip(1)
        firstDim = try reader.u32()
        firstPart = try reader.u32()
        partCount = try reader.u32()
        opaqueLength = try reader.u32()
        elementCount = try reader.u64()
        try reader.zeros(8, rule: .recordZeros)
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(nameOffset)
        writer.put(contentHash.low)
        writer.put(contentHash.high)
        writer.put(nameLength)
        writer.put(dtype)
        writer.put(rank)
        writer.zeros(1)
        writer.put(firstDim)
        writer.put(firstPart)
        writer.put(partCount)
        writer.put(opaqueLength)
        writer.put(elementCount)
        writer.zeros(8)
    }
}

/// Another name for a tensor: SPEC.md §6.4.
struct AliasRecord: Equatable {
    var nameOffset: UInt64
    var nameLength: UInt32
    var tensor: UInt32

    init(nameOffset: UInt64, nameLength: UInt32, tensor: UInt32) {
        self.nameOffset = nameOffset
        self.nameLength = nameLength
        self.tensor = tensor
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        nameOffset = try reader.u64()
        nameLength = try reader.u32()
        tensor = try reader.u32()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(nameOffset)
        writer.put(nameLength)
        writer.put(tensor)
    }
}

/// An entry of the name index: SPEC.md §6.8.
struct NameIndexRecord: Equatable {
    var hash: UInt64
    var id: UInt32
    /// 0 tensor, 1 alias.
    var kind: UInt32

    init(hash: UInt64, id: UInt32, kind: UInt32) {
        self.hash = hash
        self.id = id
        self.kind = kind
    }

    init(_ reader: inout ByteReader) throws(FormatError) {
        hash = try reader.u64()
        id = try reader.u32()
        kind = try reader.u32()
    }

    func encode(into writer: inout ByteWriter) {
        writer.put(hash)
        writer.put(id)
        writer.put(kind)
    }
}
