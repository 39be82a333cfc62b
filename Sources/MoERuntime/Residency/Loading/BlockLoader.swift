internal import MoEFormat
internal import MoESystem

/// Brings blocks of one file into memory: reads, checks every chunk's hash, decodes.
///
/// One contract for all engines: what a load reports has the same bits, and nothing in it was not checked.
final class BlockLoader: Sendable {
    let file: ModelFile
    let engine: IOEngine
    private let slots: SlotPool
    let counters: LoadCounters
    let decoders = DecoderPool()
    let buffers = ReadBuffers()
    /// Raw blocks that were checked in their mapping: used in place again, they are not hashed again.
    let checkedInPlace = Locked<Set<Int>>([])
    /// Blocks of up to so many bytes are read as a whole, chunk table included; of larger ones the table is read first.
    private static let wholeBlockBytes = 4 << 20
    /// Bytes that one read fetches of a block that is read as a whole, and of a larger one, about: small enough that decoding
    /// begins early, large enough for the device.
    private static let pieceBytes = 512 << 10
    private static let groupBytes = 1 << 20

    /// - Throws: `FormatError` of kind `io`.
    init(_ file: ModelFile, engine: IOEngine, slots: SlotPool, counters: LoadCounters) throws(FormatError) {
        self.file = file
        self.slots = slots
        self.counters = counters
        // File systems without direct reads refuse the open or the first read; plain reads give the same bytes.
        self.engine = engine == .direct && file.storage.bypassingPageCache == nil ? .read : engine
    }

    /// The reads that bring a block into memory, with what they leave to do.
    ///
    /// - Parameter completion: gets the block, or a `FormatError`: by R71 when a chunk is damaged.
    func reads(of block: Block, completion: @escaping BlockLoad.Completion) -> [LoadThreads.Read] {
        do throws(FormatError) {
            // A budget may be larger than the memory there is, and a few bytes of a file can stand for many.
            try FormatError.checkMemory(block.decodedCapacity)
            if block.isRaw, engine == .mapped { return [{ [self] in mapInPlace(block, completion) }] }
            if engine == .direct || engine == .read && !block.isRaw, block.length <= Self.wholeBlockBytes {
                return try wholeBlock(block, completion).reads(by: self)
            }
            let (load, slot) = load(of: block, pieces: 1, completion)
            return [{ [self] in readTable(of: block, into: slot, load) }]
        } catch {
            completion(.failure(error))
            return []
        }
    }

    private func wholeBlock(
        _ block: Block, _ completion: @escaping BlockLoad.Completion
    ) throws(FormatError) -> WholeBlock {
        let range = try fileRange(from: 0, count: block.length, of: block)
        let pieces = range.pieces(of: Self.pieceBytes, unit: SlotRun.alignment)
        let (load, slot) = load(of: block, pieces: pieces.count, completion)
        return WholeBlock(block, range, pieces: pieces, load: load, slot: slot)
    }

    /// Reads the table of a large block; its chunks are read by what remains.
    private func readTable(of block: Block, into slot: SlotMemory, _ load: BlockLoad) -> LoadThreads.Remainder {
        var remainder = LoadThreads.Remainder()
        load.piece(0) { () throws(FormatError) in
            if engine == .read {
                // The system fetches the rest while the first chunks are decoded. A block lies inside its file.
                try file.storage(of: block).willNeed(block.offset..<block.offset + UInt64(block.length))
            }
            let runs = try file.chunkTable(of: block).runs(of: block)
            load.expect(runs.count)
            remainder.reads = ReadGroup.groups(of: runs, bytes: Self.groupBytes).map { group in
                { [self] in read(group, of: block, into: slot, load) }
            }
        }
        return remainder
    }

    /// A load of a block, and the memory for it.
    private func load(
        of block: Block, pieces: Int, _ completion: @escaping BlockLoad.Completion
    ) -> (BlockLoad, SlotMemory) {
        let slot = slots.take(byteCount: block.slotBytes)
        let load = BlockLoad(pieces: pieces, completion: completion) { () throws(FormatError) in
            self.counters.add(bytes: UInt64(block.length))
            return ResidentBlock(
                parts: try unsafe self.storedParts(
                    of: block, base: UnsafeRawBufferPointer(slot.bytes), offsets: block.decodedOffsets, owner: slot))
        }
        return (load, slot)
    }

    // MARK: Beforehand

    /// Makes memory for reads of blocks like this one.
    func prepareBuffers(_ reads: Int, for block: Block) {
        guard engine == .direct || !block.isRaw else { return }
        let bytes = block.length <= Self.wholeBlockBytes ? block.length : Self.groupBytes
        // Direct reads begin and end at multiples of the unit.
        buffers.prepare(reads, byteCount: bytes + 2 * SlotRun.alignment)
    }

    /// Whether the next block like this one gets fresh memory, of which `prepareSlot` can make some.
    func isShortOfSlots(for block: Block) -> Bool { block.isCopied(by: engine) && slots.isShort(of: block.slotBytes) }

    /// Makes memory for a block like this one.
    func prepareSlot(for block: Block) { if block.isCopied(by: engine) { slots.prepare(byteCount: block.slotBytes) } }

    // MARK: Parts

    /// The block's parts as the layer's computation takes them; bytes at `offsets` from `base`, kept by `owner`.
    func storedParts(
        of block: Block, base: UnsafeRawBufferPointer, offsets: [Int], owner: any AnyObject & Sendable
    ) throws(FormatError) -> [StoredPart] {
        var elements: [Int: StoredElements] = [:]
        for (index, part) in block.parts.enumerated() {
            let length = Int(part.elementCount) * (block.dtypes[index].byteCount ?? 0)
            // Offsets and lengths come from the block's own layout, which was checked to lie inside it.
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: base[offsets[index]..<offsets[index] + length])
            elements[part.id] = unsafe StoredElements(
                bytes: bytes, dtype: block.dtypes[index], count: Int(part.elementCount), owner: owner)
        }
        var parts: [StoredPart] = []
        for part in block.parts {
            guard let own = elements[part.id] else { continue }
            let scale = try file.companions(of: part)[.scale]
            let schemes = file.model.quantization
            let scheme =
                part.record.scheme == 0 || Int(part.record.scheme) > schemes.count
                ? nil : schemes[Int(part.record.scheme) - 1]
            let matrix = StoredMatrix(
                own, rowLength: Int(clamping: part.record.rowLength), orientation: part.orientation, scheme: scheme,
                scale: scale.flatMap { elements[$0.id] })
            parts.append(StoredPart(part.role, matrix))
        }
        return parts
    }
}

extension Block {
    fileprivate var isRaw: Bool { parts.allSatisfy { $0.record.encoding == Encoding.raw.rawValue } }

    /// Bytes of memory for the decoded block.
    fileprivate var slotBytes: Int { max(64, decodedCapacity) }

    /// Whether it gets memory of its own, and is not used where it is mapped.
    fileprivate func isCopied(by engine: IOEngine) -> Bool { !(isRaw && engine == .mapped) }
}
