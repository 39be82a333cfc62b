package import MoESystem

/// Writes a model front to back: blocks as they come, then the directory; into one file, or a set where the output has a limit.
///
/// It holds no tensor: memory grows with the number of tensors, not with their size. The order of calls is the
/// order of the file, so the same calls give the same bytes. Used by one thread.
///
/// ```swift
/// let writer = try ModelFileWriter(output)
/// let tensor = try writer.declareTensor("norm.weight", dtype: .f32, shape: [4096])
/// try writer.beginBlock(.dense, decodedLength: 16384)
/// try writer.beginPart(of: tensor, …)
/// try writer.append(chunk…)
/// try writer.endBlock()
/// try writer.finish(model: model)
/// ```
package final class ModelFileWriter {
    /// Where blocks may begin.
    package enum Alignment: Sendable {
        /// The largest power of two from 64 B to 16 KiB whose worst padding is at most 1/256 of the block.
        case automatic
        /// Every block at a multiple of 2^n.
        case forced(log2: UInt8)
    }

    private let output: ModelOutput
    private var stream: OutputStream
    private let alignment: Alignment
    /// Where the blocks end of each member that is full.
    private var memberEnds: [UInt64] = []
    /// The number of the first block of each member, the one that is being written included.
    private var firstBlocks = [0]
    var directory = DirectoryBuilder()
    private var block: OpenBlock?
    private var hashers: [Int: ContentHasher] = [:]
    private var declaredHashes: Set<Int> = []

    private struct OpenBlock {
        var record: BlockRecord
        var table = ByteWriter()
        var part: PartRecord?
    }

    /// Begins one file of any length.
    package convenience init(_ output: AtomicOutput, alignment: Alignment = .automatic) throws(FormatError) {
        try self.init(ModelOutput(output), alignment: alignment)
    }

    /// Begins a model.
    package init(_ output: ModelOutput, alignment: Alignment = .automatic) throws(FormatError) {
        self.output = output
        stream = OutputStream(output.current)
        self.alignment = alignment
        try stream.append(Header.encoded)
    }

    // MARK: Blocks

    /// Begins a block. `decodedLength` is the sum of its parts' decoded bytes: it decides the alignment.
    ///
    /// - Parameter aligned: the alignment that a copied block had, which it keeps unless one is forced.
    package func beginBlock(
        _ kind: BlockKind, bank: Int? = nil, expert: Int? = nil, decodedLength: UInt64, aligned: UInt8? = nil
    ) throws(FormatError) {
        guard block == nil else { throw .usage("a block is begun inside another") }
        let log2 = alignmentLog2(decodedLength: decodedLength, kept: aligned)
        try stream.align(to: 1 << UInt64(log2))
        let record = BlockRecord(
            kind: kind, bank: bank, expert: expert, offset: stream.offset, alignmentLog2: log2,
            firstPart: UInt32(directory.parts.count))
        block = OpenBlock(record: record)
    }

    /// Begins a part of the open block; its chunks follow in order.
    ///
    /// - Returns: the part's number, for links.
    @discardableResult
    package func beginPart(
        of tensor: Int, startElement: UInt64, chunking: Chunking, role: Role, orientation: Orientation, scheme: Int = 0,
        form: StorageForm
    ) throws(FormatError) -> Int {
        guard var open = block else { throw .usage("a part is begun outside a block") }
        try closePart(of: &open)
        if form.encoding == .raw { try stream.align(to: 64) }
        var part = PartRecord(
            tensor: UInt32(tensor), block: UInt32(directory.blocks.count), startElement: startElement,
            elementCount: chunking.elements, rowLength: chunking.rowLength,
            chunkElements: UInt32(chunking.chunkElements),
            firstChunk: open.record.chunkCount, role: role, orientation: orientation, scheme: scheme)
        part.encoding = form.encoding.rawValue
        part.rotation = UInt8(form.rotation)
        open.part = part
        open.record.decodedLength += chunking.elements * UInt64(form.elementBytes)
        block = open
        return directory.parts.count
    }

    /// Appends the next chunk of the open part.
    ///
    /// - Parameters:
    ///   - stored: the chunk's stored bytes, and `hash` their XXH3-64.
    ///   - content: the decoded elements, for the tensor's content hash.
    package func append(
        stored: UnsafeRawBufferPointer, hash: UInt64, content: UnsafeRawBufferPointer
    ) throws(FormatError) {
        let tensor = try unsafe append(stored: stored, hash: hash)
        let hasher = hashers[tensor] ?? ContentHasher()
        hashers[tensor] = hasher
        unsafe hasher.update(content)
    }

    /// Appends the next chunk of the open part, of a tensor whose content hash is declared.
    ///
    /// - Returns: the tensor.
    @discardableResult
    package func append(stored: UnsafeRawBufferPointer, hash: UInt64) throws(FormatError) -> Int {
        // Taken out and put back, so that the growing table is not copied at every chunk; an error ends the file anyway.
        guard var open = block.take(), var part = open.part else { throw .usage("a chunk is appended outside a part") }
        let entry = ChunkEntry(
            offset: stream.offset - open.record.offset, hash: hash, storedLength: UInt32(stored.count))
        try unsafe stream.append(stored)
        entry.encode(into: &open.table)
        open.record.chunkCount += 1
        part.chunkCount += 1
        part.storedLength += UInt64(stored.count)
        open.part = part
        block = open
        return Int(part.tensor)
    }

    /// Ends the open block: its chunk table follows its data.
    package func endBlock() throws(FormatError) {
        guard var open = block else { throw .usage("a block is ended that was not begun") }
        try closePart(of: &open)
        try stream.align(to: 8)
        open.record.tableOffset = stream.offset - open.record.offset
        open.record.tableHash = XXH3.hash64(open.table.bytes)
        try stream.append(open.table.bytes)
        open.record.length = stream.offset - open.record.offset
        open.record.partCount = UInt32(directory.parts.count) - open.record.firstPart
        try moveToNextMember(&open.record)
        directory.add(open.record)
        block = nil
    }

    // MARK: Sets

    /// Moves the block just written to the next member of a set, where its own has become too long by it.
    ///
    /// That is known only now: how long a block is shows when it is compressed.
    private func moveToNextMember(_ record: inout BlockRecord) throws(FormatError) {
        guard let limit = output.fileLimit, directory.blocks.count > firstBlocks[firstBlocks.count - 1],
            stream.offset.aligned + Self.memberEnd > limit, let last = directory.blocks.last
        else { return }
        try stream.flush()
        let full = output.current
        let end = last.offset + last.length
        try output.beginMember()
        let next = OutputStream(output.current)
        try next.append(Header.encoded)
        try next.align(to: 1 << UInt64(record.alignmentLog2))
        let start = next.offset
        let written: ReadableFile
        do { written = try full.reopened() } catch { throw .io(error) }
        var position: UInt64 = 0
        while position < record.length {
            let count = Int(min(record.length - position, 1 << 20))
            try next.append(written.read(at: record.offset + position, count: count))
            position += UInt64(count)
        }
        do { try full.truncate(to: end) } catch { throw .io(error) }
        record.offset = start
        memberEnds.append(end)
        firstBlocks.append(directory.blocks.count)
        stream = next
    }

    /// Bytes of a member behind its blocks.
    private static let memberEnd = FileEnd.member(
        SetRecord(identity: ContentHash(low: 0, high: 0), fileLength: 0, directoryOffset: 0, file: 1, memberCount: 1)
    ).byteCount

    private func closePart(of open: inout OpenBlock) throws(FormatError) {
        guard let part = open.part else { return }
        guard
            UInt64(part.chunkCount)
                == Chunking(
                    elements: part.elementCount, rowLength: part.rowLength, chunkElements: UInt64(part.chunkElements))?
                .chunkCount
        else { throw .usage("a part of tensor \(part.tensor) was ended after \(part.chunkCount) chunks") }
        open.part = nil
        let tensor = Int(part.tensor)
        try directory.add(part)
        if directory.isComplete(tensor: tensor), !declaredHashes.contains(tensor) {
            directory.tensors[tensor].contentHash = hashers.removeValue(forKey: tensor)?.value ?? ContentHasher().value
        }
    }

    private func alignmentLog2(decodedLength: UInt64, kept: UInt8?) -> UInt8 {
        switch alignment {
        case .forced(let log2): return log2
        case .automatic:
            if let kept { return kept }
            var log2: UInt8 = 14
            while log2 > 6, (1 << UInt64(log2)) - 1 > decodedLength / 256 { log2 -= 1 }
            return log2
        }
    }

    // MARK: Directory

    /// Declares a tensor; tensors are numbered in the order of their declaration.
    package func declareTensor(_ name: String, dtype: Dtype, shape: [Int]) throws(FormatError) -> Int {
        try directory.declareTensor(name, dtype: dtype, shape: shape)
    }

    /// Declares what a tensor's elements will hash to: its chunks may then come without their content.
    package func declare(contentHash: ContentHash, ofTensor tensor: Int) {
        declaredHashes.insert(tensor)
        directory.tensors[tensor].contentHash = contentHash
    }

    /// Declares another name for a tensor.
    package func declareAlias(_ name: String, of tensor: Int) throws(FormatError) {
        try directory.declareAlias(name, of: tensor)
    }

    /// Declares a bank; banks are numbered in the order of their declaration.
    package func declareBank(path: String, layer: Int?, expertCount: Int, sharedCount: Int) throws(FormatError) -> Int {
        try directory.declareBank(path: path, layer: layer, expertCount: expertCount, sharedCount: sharedCount)
    }

    /// Ties a quantised part to a companion of the same block.
    package func link(_ part: Int, to companion: Int, as kind: LinkKind) {
        directory.links[part, default: []].append(LinkRecord(kind: kind, part: UInt32(companion)))
    }

    /// Writes directory, model and footer. The output then only waits for its commit.
    ///
    /// - Throws: `FormatError`; of kind `usage` when a tensor is not covered by its parts or the model does not fit the banks.
    package func finish(model: ModelDescription, config: [UInt8]?, source: [UInt8]?) throws(FormatError) {
        guard block == nil else { throw .usage("the file is finished inside a block") }
        for tensor in directory.tensors.indices where directory.tensors[tensor].elementCount == 0 {
            directory.tensors[tensor].contentHash = ContentHasher().value
        }
        if memberEnds.isEmpty {
            let end = try directory.end(model: model, config: config, source: source)
            let length = stream.offset.aligned + end.byteCount
            if directory.blocks.isEmpty || length <= output.fileLimit ?? .max {
                try stream.align(to: 64)
                try stream.append(end.encoded(at: stream.offset))
                try stream.flush()
                return
            }
        }
        try finishSet(model: model, config: config, source: source)
    }

    /// Ends the members, each with what it says of itself, and writes the head.
    private func finishSet(model: ModelDescription, config: [UInt8]?, source: [UInt8]?) throws(FormatError) {
        try stream.flush()
        memberEnds.append(stream.offset)
        directory.numberFiles(firstBlocks: firstBlocks)
        var head = try directory.end(model: model, config: config, source: source)
        let identity = SetIdentity()
        for kind in SetIdentity.kinds {
            identity.add(kind == .model ? head.model : head.sections.first { $0.kind == kind }?.bytes ?? [])
        }
        let headOffset = UInt64(Header.encodedSize)
        let count = UInt16(memberEnds.count)
        var records = [
            SetRecord(
                identity: identity.value, fileLength: 0, directoryOffset: headOffset, file: 0, memberCount: count)
        ]
        for (index, blocksEnd) in memberEnds.enumerated() {
            let offset = blocksEnd.aligned
            records.append(
                SetRecord(
                    identity: identity.value, fileLength: offset + Self.memberEnd, directoryOffset: offset,
                    file: UInt16(index + 1), memberCount: count))
        }
        // The length of the section, and so of the file, does not depend on the lengths in it.
        head.sections.append((.set, FileEnd.encoded(records)))
        records[0].fileLength = headOffset + head.byteCount
        head.sections[head.sections.count - 1].bytes = FileEnd.encoded(records)
        try output.beginHead()
        for (index, record) in records.dropFirst().enumerated() {
            let padding = [UInt8](repeating: 0, count: Int(record.directoryOffset - memberEnds[index]))
            let end = FileEnd.member(record).encoded(at: record.directoryOffset)
            do { try output.member(index + 1).write(padding + end) } catch { throw .io(error) }
        }
        do { try output.current.write(Header.encoded + head.encoded(at: headOffset)) } catch { throw .io(error) }
    }
}
