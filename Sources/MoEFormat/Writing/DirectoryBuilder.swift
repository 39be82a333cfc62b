/// The directory in the making: records in the order of their declaration, and the bytes they become.
struct DirectoryBuilder {
    var blocks: [BlockRecord] = []
    var banks: [BankRecord] = []
    var tensors: [TensorRecord] = []
    var parts: [PartRecord] = []
    var links: [Int: [LinkRecord]] = [:]
    private var aliases: [AliasRecord] = []
    private var dims: [UInt64] = []
    private var names: [UInt8] = []
    private var index: [NameIndexRecord] = []
    /// As bytes: strings compare equal that differ only in how Unicode composes their characters, names do not.
    private var known: Set<[UInt8]> = []
    /// The parts of each tensor, and how many of its elements they cover so far.
    private var partsOfTensor: [[UInt32]] = []
    private var covered: [UInt64] = []

    mutating func declareTensor(_ name: String, dtype: Dtype, shape: [Int]) throws(FormatError) -> Int {
        guard shape.count <= Limits.rank else {
            throw .limit("\(Self.quoted(name)) has \(shape.count) dimensions; at most \(Limits.rank) are stored")
        }
        var count: UInt64? = 1
        for extent in shape { count = count *? UInt64(clamping: extent) }
        guard let count, let bytes = count *? UInt64(dtype.byteCount ?? 1), bytes < 1 << 63 else {
            throw .limit("\(Self.quoted(name)) has more elements than can be counted")
        }
        let id = UInt32(tensors.count)
        let place = try add(name: name, id: id, kind: 0)
        tensors.append(
            TensorRecord(
                nameOffset: place.offset, contentHash: ContentHash(low: 0, high: 0), nameLength: place.length,
                dtype: dtype,
                rank: UInt8(shape.count), firstDim: UInt32(dims.count), firstPart: 0, partCount: 0, elementCount: count)
        )
        dims.append(contentsOf: shape.map { UInt64($0) })
        partsOfTensor.append([])
        covered.append(0)
        return Int(id)
    }

    mutating func declareAlias(_ name: String, of tensor: Int) throws(FormatError) {
        let place = try add(name: name, id: UInt32(aliases.count), kind: 1)
        aliases.append(AliasRecord(nameOffset: place.offset, nameLength: place.length, tensor: UInt32(tensor)))
    }

    mutating func declareBank(path: String, layer: Int?, expertCount: Int, sharedCount: Int) throws(FormatError) -> Int
    {
        guard expertCount <= Limits.experts else {
            throw .limit("\(Self.quoted(path)) has \(expertCount) experts; at most \(Limits.experts) are stored")
        }
        let place = try append(name: path)
        banks.append(
            BankRecord(
                pathOffset: place.offset, pathLength: place.length, layer: Int32(clamping: layer ?? -1),
                expertCount: UInt32(expertCount), sharedCount: UInt32(sharedCount)))
        return banks.count - 1
    }

    mutating func add(_ part: PartRecord) throws(FormatError) {
        let tensor = Int(part.tensor)
        guard part.startElement == covered[tensor] else {
            throw .usage("a part of tensor \(tensor) begins at element \(part.startElement), not \(covered[tensor])")
        }
        covered[tensor] += part.elementCount
        partsOfTensor[tensor].append(UInt32(parts.count))
        parts.append(part)
    }

    func isComplete(tensor: Int) -> Bool { covered[tensor] == tensors[tensor].elementCount }

    mutating func add(_ block: BlockRecord) {
        let id = UInt32(blocks.count)
        blocks.append(block)
        guard block.bank != none32 else { return }
        let bank = Int(block.bank)
        banks[bank].storedLength += block.length
        banks[bank].decodedLength += block.decodedLength
        switch BlockKind(rawValue: block.kind) {
        case .router: banks[bank].routerBlock = id
        case .shared: if block.expert == 0 { banks[bank].firstSharedBlock = id }
        case .expert:
            if block.expert == 0 { banks[bank].firstExpertBlock = id }
            banks[bank].largestExpert = max(banks[bank].largestExpert, block.decodedLength)
        default: break
        }
    }

    /// Tells the blocks of a set which member they lie in, by the first block of each.
    mutating func numberFiles(firstBlocks: [Int]) {
        for (index, first) in firstBlocks.enumerated() {
            for block in first..<(index + 1 < firstBlocks.count ? firstBlocks[index + 1] : blocks.count) {
                blocks[block].file = UInt16(index + 1)
            }
        }
    }

    /// The end of the file that holds the directory; that of a set gets its set section later.
    ///
    /// - Throws: `FormatError` of kind `usage` when a tensor is not covered by its parts or the model does not fit the banks.
    mutating func end(model: ModelDescription, config: [UInt8]?, source: [UInt8]?) throws(FormatError) -> FileEnd {
        for tensor in tensors.indices where !isComplete(tensor: tensor) {
            throw .usage("tensor \(tensor) has \(covered[tensor]) of its \(tensors[tensor].elementCount) elements")
        }
        let modelText = Array(model.storedJSON.text.utf8)
        // What a reader would refuse is not written.
        _ = try ModelDescription(parsing: modelText, expertCounts: banks.map { Int($0.expertCount) })
        var end = FileEnd(sections: sections(), model: modelText)
        if let config { end.sections.append((.config, config)) }
        if let source { end.sections.append((.source, source)) }
        return end
    }

    /// The sections that every file has in its directory, in order.
    private mutating func sections() -> [(kind: SectionKind, bytes: [UInt8])] {
        var tensorParts = ByteWriter()
        var count: UInt32 = 0
        for tensor in tensors.indices {
            tensors[tensor].firstPart = count
            tensors[tensor].partCount = UInt32(partsOfTensor[tensor].count)
            count += tensors[tensor].partCount
            for part in partsOfTensor[tensor] { tensorParts.put(part) }
        }
        var linkBytes = ByteWriter()
        var linkCount: UInt32 = 0
        for (part, records) in links.sorted(by: { $0.key < $1.key }) {
            parts[part].firstLink = linkCount
            parts[part].linkCount = UInt8(records.count)
            linkCount += UInt32(records.count)
            for record in records { record.encode(into: &linkBytes) }
        }
        index.sort { ($0.hash, $0.kind, $0.id) < ($1.hash, $1.kind, $1.id) }
        return [
            (.blocks, Self.encoded(blocks) { $0.encode(into: &$1) }),
            (.banks, Self.encoded(banks) { $0.encode(into: &$1) }),
            (.tensors, Self.encoded(tensors) { $0.encode(into: &$1) }),
            (.aliases, Self.encoded(aliases) { $0.encode(into: &$1) }),
            (.parts, Self.encoded(parts) { $0.encode(into: &$1) }),
            (.tensorParts, tensorParts.bytes),
            (.links, linkBytes.bytes),
            (.dims, Self.encoded(dims) { $1.put($0) }),
            (.nameIndex, Self.encoded(index) { $0.encode(into: &$1) }),
            (.names, names),
        ]
    }

    private static func encoded<Record>(_ records: [Record], _ encode: (Record, inout ByteWriter) -> Void) -> [UInt8] {
        var writer = ByteWriter()
        for record in records { encode(record, &writer) }
        return writer.bytes
    }

    private mutating func add(name: String, id: UInt32, kind: UInt32) throws(FormatError) -> (
        offset: UInt64, length: UInt32
    ) {
        guard known.insert(Array(name.utf8)).inserted else {
            throw .usage("two tensors are named \(Self.quoted(name))")
        }
        index.append(NameIndexRecord(hash: XXH3.hash64(ofName: name), id: id, kind: kind))
        return try append(name: name)
    }

    private mutating func append(name: String) throws(FormatError) -> (offset: UInt64, length: UInt32) {
        let bytes = Array(name.utf8)
        guard (1...Limits.nameBytes).contains(bytes.count) else {
            throw .limit(
                "a name of \(bytes.count) bytes, \(Self.quoted(name)), cannot be stored; 1 to \(Limits.nameBytes) are allowed"
            )
        }
        defer { names.append(contentsOf: bytes) }
        return (UInt64(names.count), UInt32(bytes.count))
    }

    private static func quoted(_ name: String) -> String { JSONValue.string(name.beginning(80)).text }
}
