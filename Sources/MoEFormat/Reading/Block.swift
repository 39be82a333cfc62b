/// A block with its parts and chunk table, all checked against each other: what an engine needs to read it.
package struct Block: Sendable {
    package let id: Int
    package let record: BlockRecord
    package let parts: [Part]
    /// The parts' tensors' dtypes, in the order of the parts.
    package let dtypes: [Dtype]
    /// Where each part's bytes lie when the block is decoded into one run of memory: multiples of 64.
    package let decodedOffsets: [Int]
    /// Bytes of memory that the decoded block takes.
    package let decodedCapacity: Int
    /// The name of the member of a set that it lies in; nil for the file that was opened.
    package let fileName: String?

    package var offset: UInt64 { record.offset }
    package var length: Int { Int(record.length) }
    package var tableOffset: Int { Int(record.tableOffset) }

    /// An error about the block's bytes, told of the file that they lie in.
    func told(_ error: FormatError) -> FormatError { fileName.map(error.inFile) ?? error }
}

/// A block's chunk table: SPEC.md §6.1.
package struct ChunkTable: Sendable {
    package let entries: [ChunkEntry]

    /// Checks the table's bytes against the block: R62, R70, R45.
    package init(_ bytes: [UInt8], of block: Block) throws(FormatError) {
        let base = block.offset + block.record.tableOffset
        guard Integrity.matches(block.record.tableHash, XXH3.hash64(bytes)) else {
            throw .broken(
                .tableHash, in: block, at: block.record.tableOffset,
                "the chunk table of block \(block.id) does not match its hash")
        }
        var reader = ByteReader(bytes, base: base, rule: .blockTable)
        var entries: [ChunkEntry] = []
        entries.reserveCapacity(Int(block.record.chunkCount))
        var position: UInt64 = 0
        for index in 0..<Int(block.record.chunkCount) {
            let place = reader.offset - block.offset
            let entry: ChunkEntry
            do throws(FormatError) { entry = try ChunkEntry(&reader) } catch { throw block.told(error) }
            guard entry.offset >= position, let end = entry.offset +? UInt64(entry.storedLength),
                end <= block.record.tableOffset
            else {
                throw .broken(
                    .chunkPlace, in: block, at: place,
                    "chunk \(index) of block \(block.id) does not lie behind the one before it and inside the block")
            }
            position = end
            entries.append(entry)
        }
        self.entries = entries
        for (part, dtype) in zip(block.parts, block.dtypes) where part.record.encoding == Encoding.raw.rawValue {
            try checkRaw(part, elementBytes: dtype.byteCount ?? 0, block: block)
        }
    }

    /// The entries of a part that the block lists.
    package func entries(of part: Part) -> ArraySlice<ChunkEntry> {
        entries[Int(part.record.firstChunk)..<Int(part.record.firstChunk + part.record.chunkCount)]
    }

    private func checkRaw(_ part: Part, elementBytes: Int, block: Block) throws(FormatError) {
        guard elementBytes > 0 else { return }
        var expected: UInt64?
        for (index, entry) in entries(of: part).enumerated() {
            let elements = part.chunking.range(of: UInt64(index)).count
            let isInPlace = expected.map { $0 == entry.offset } ?? (entry.offset % 64 == 0)
            guard isInPlace, (UInt64(elements) *? UInt64(elementBytes)) == UInt64(entry.storedLength) else {
                throw .broken(
                    .rawPlace, in: block, at: entry.offset,
                    "chunk \(index) of raw part \(part.id) does not adjoin the one before it or has not its elements' length"
                )
            }
            expected = entry.offset + UInt64(entry.storedLength)
        }
    }
}

extension ModelFile {
    /// The block that a part lies in.
    ///
    /// - Throws: `FormatError` as `block(at:)`; by R50 when the block does not list the part.
    package func block(of part: Part) throws(FormatError) -> Block {
        let block = try block(at: part.block)
        guard part.id >= Int(block.record.firstPart), part.id - Int(block.record.firstPart) < block.parts.count else {
            throw .broken(.partOfBlock, "part \(part.id) names block \(block.id), which does not list it")
        }
        return block
    }

    /// A block by its number.
    ///
    /// - Throws: `FormatError` by R42, R50, R53, R60, R61, R64, R65 or R66.
    /// - Complexity: O(parts of the block); O(1) for one that was looked at lately.
    package func block(at index: Int) throws(FormatError) -> Block {
        if let block = recentBlocks.block(index) { return block }
        let block = try checkedBlock(at: index)
        recentBlocks.remember(block)
        return block
    }

    private func checkedBlock(at index: Int) throws(FormatError) -> Block {
        var reader = try directory.record(.blocks, index, rule: .partOfBlock)
        let place = reader.offset
        let record = try BlockRecord(&reader)
        guard Int(record.file) <= set?.memberCount ?? 0 else {
            throw .broken(
                .blockFile, at: place, "block \(index) lies in file \(record.file) of \(set?.memberCount ?? 0)")
        }
        let blocksEnd = try blocksEnd(ofFile: Int(record.file))
        guard (6...21).contains(record.alignmentLog2), record.offset % (1 << UInt64(record.alignmentLog2)) == 0,
            record.offset >= UInt64(Header.encodedSize), let end = record.offset +? record.length,
            end <= blocksEnd
        else {
            throw .broken(
                .blockPlace, at: place,
                "block \(index) of \(record.length) bytes at \(record.offset) does not lie aligned between header and directory"
            )
        }
        guard record.tableOffset % 8 == 0,
            record.tableOffset +? UInt64(record.chunkCount) * UInt64(ChunkEntry.encodedSize) == record.length
        else {
            throw .broken(
                .blockTable, at: place,
                "block \(index): table at \(record.tableOffset) with \(record.chunkCount) chunks in \(record.length) bytes"
            )
        }
        guard UInt64(record.firstPart) + UInt64(record.partCount) <= UInt64(partCount) else {
            throw .broken(.partRuns, at: place, "block \(index): parts from \(record.firstPart) of \(partCount)")
        }
        try checkRole(of: record, block: index, at: place)
        return try assemble(record, block: index, at: place)
    }

    /// The block of an expert, which must be below the bank's count.
    ///
    /// - Throws: as `block(at:)`; by R64 when the block is none of an expert's.
    package func block(ofExpert expert: Int, in bank: Bank) throws(FormatError) -> Block {
        try block(at: bank.block(ofExpert: expert), as: .expert, of: bank)
    }

    /// The block of a shared expert, which must be below the bank's count.
    package func block(ofShared index: Int, in bank: Bank) throws(FormatError) -> Block {
        try block(at: bank.block(ofShared: index), as: .shared, of: bank)
    }

    /// The block of a bank's router; nil when it has none.
    package func routerBlock(of bank: Bank) throws(FormatError) -> Block? {
        guard let index = bank.routerBlock else { return nil }
        return try block(at: index, as: .router, of: bank)
    }

    private func block(at index: Int, as kind: BlockKind, of bank: Bank) throws(FormatError) -> Block {
        let block = try block(at: index)
        guard block.record.kind == kind.rawValue, block.record.bank == UInt32(bank.id) else {
            throw .broken(.blockRole, "bank \(bank.id) names block \(index) as its \(kind) block, which it is not")
        }
        return block
    }

    private func checkRole(of record: BlockRecord, block index: Int, at place: UInt64) throws(FormatError) {
        func mismatch() -> FormatError {
            .broken(.blockRole, at: place, "block \(index): kind, bank and expert do not agree with the bank")
        }
        guard let kind = BlockKind(rawValue: record.kind) else { throw mismatch() }
        if kind == .dense {
            guard record.bank == none32, record.expert == none32 else { throw mismatch() }
            return
        }
        guard Int(record.bank) < banks.count else { throw mismatch() }
        let bank = banks[Int(record.bank)]
        let expected: Int? =
            switch kind {
            case .router: record.expert == none32 ? bank.routerBlock : nil
            case .shared: Int(record.expert) < bank.sharedCount ? bank.block(ofShared: Int(record.expert)) : nil
            default: Int(record.expert) < bank.expertCount ? bank.block(ofExpert: Int(record.expert)) : nil
            }
        guard expected == index else { throw mismatch() }
    }

    private func assemble(_ record: BlockRecord, block index: Int, at place: UInt64) throws(FormatError) -> Block {
        var parts: [Part] = []
        var dtypes: [Dtype] = []
        var offsets: [Int] = []
        var nextChunk: UInt64 = 0
        var decoded: UInt64 = 0
        var capacity: UInt64 = 0
        for number in 0..<Int(record.partCount) {
            let part = try part(at: Int(record.firstPart) + number)
            guard part.block == index else {
                throw .broken(
                    .partOfBlock, at: place, "block \(index) lists part \(part.id), which lies in block \(part.block)")
            }
            guard UInt64(part.record.firstChunk) == nextChunk else {
                throw .broken(
                    .chunkRun, at: place,
                    "block \(index): part \(part.id) begins at chunk \(part.record.firstChunk), not \(nextChunk)")
            }
            nextChunk += UInt64(part.record.chunkCount)
            let (dtype, elements) = try self.elements(ofTensor: part.tensor)
            guard part.record.startElement +? part.elementCount ?? .max <= elements else {
                throw .broken(
                    .partsCover, at: place,
                    "part \(part.id): \(part.elementCount) elements from \(part.record.startElement) of a tensor of \(elements)"
                )
            }
            guard let bytes = part.elementCount *? UInt64(dtype.byteCount ?? 0), let sum = decoded +? bytes,
                let end = (capacity +? bytes)?.roundedUp(toMultipleOf: 64), end < 1 << 62
            else {
                throw .broken(
                    .blockDecodedLength, at: place, "block \(index): its parts have more bytes than can be counted")
            }
            offsets.append(Int(capacity))
            decoded = sum
            capacity = end
            parts.append(part)
            dtypes.append(dtype)
        }
        guard nextChunk == UInt64(record.chunkCount) else {
            throw .broken(
                .chunkRun, at: place,
                "block \(index): its parts have \(nextChunk) chunks, its table \(record.chunkCount)")
        }
        // Of a dtype of a later version only the writer knows the length; it must still be one that sums can be made of.
        guard
            decoded == record.decodedLength
                || dtypes.contains(where: { $0.byteCount == nil }) && record.decodedLength < 1 << 48
        else {
            throw .broken(
                .blockDecodedLength, at: place,
                "block \(index): its parts decode to \(decoded) bytes, not \(record.decodedLength)")
        }
        return Block(
            id: index, record: record, parts: parts, dtypes: dtypes, decodedOffsets: offsets,
            decodedCapacity: Int(capacity), fileName: fileName(of: record))
    }

    private func fileName(of record: BlockRecord) -> String? {
        record.file == 0 ? nil : set.map { SetName.file(of: $0.path(of: Int(record.file))) }
    }

    /// The dtype of a tensor and the number of its elements, without its name and shape.
    private func elements(ofTensor index: Int) throws(FormatError) -> (dtype: Dtype, count: UInt64) {
        var reader = try directory.record(.tensors, index, rule: .partOfTensor)
        let record = try TensorRecord(&reader)
        return (Dtype(code: record.dtype, opaqueLength: Int(record.opaqueLength)), record.elementCount)
    }

    /// The chunk table of a block, read from the file unless it was lately.
    package func chunkTable(of block: Block) throws(FormatError) -> ChunkTable {
        if let table = recentBlocks.table(of: block.id) { return table }
        let count = Int(block.record.chunkCount) * ChunkEntry.encodedSize
        let table = try ChunkTable(
            try storage(of: block).read(at: block.offset + block.record.tableOffset, count: count), of: block)
        recentBlocks.remember(block, table: table)
        return table
    }
}
