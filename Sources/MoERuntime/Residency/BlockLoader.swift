internal import MoEFormat
internal import MoESystem

/// Brings blocks of one file into memory: reads, checks every chunk's hash, decodes.
///
/// One contract for all engines: what `load` returns has the same bits, and nothing in it was not checked.
final class BlockLoader: Sendable {
    let file: ModelFile
    let engine: IOEngine
    private let slots: SlotPool
    let counters: LoadCounters
    let decoders = DecoderPool()
    /// Raw blocks that were checked in their mapping: used in place again, they are not hashed again.
    let checkedInPlace = Locked<Set<Int>>([])
    /// Blocks of up to so many bytes are read as a whole, chunk table included: one wait for the device instead of several.
    private static let wholeBlockBytes = 4 << 20

    /// - Throws: `FormatError` of kind `io`.
    init(_ file: ModelFile, engine: IOEngine, slots: SlotPool, counters: LoadCounters) throws(FormatError) {
        self.file = file
        self.slots = slots
        self.counters = counters
        // File systems without direct reads refuse the open or the first read; plain reads give the same bytes.
        self.engine = engine == .direct && file.storage.bypassingPageCache == nil ? .read : engine
    }

    /// Loads a block.
    ///
    /// - Parameter workers: share the chunks of the block.
    /// - Throws: `FormatError`; by R71 when a chunk is damaged.
    func load(_ block: Block, workers: MoESystem.Workers) throws(FormatError) -> ResidentBlock {
        // A budget may be larger than the memory there is, and a few bytes of a file can stand for many.
        try FormatError.checkMemory(block.decodedCapacity)
        let isRaw = block.parts.allSatisfy { $0.record.encoding == Encoding.raw.rawValue }
        if isRaw, engine == .mapped { return try mapInPlace(block, workers: workers) }
        if engine == .direct || engine == .read && !isRaw, block.length <= Self.wholeBlockBytes {
            return try loadWhole(block)
        }
        if engine == .read {
            // The system fetches the rest while the first chunks are decoded. A block lies inside its file.
            try file.storage(of: block).willNeed(block.offset..<block.offset + UInt64(block.length))
        }
        let table = try file.chunkTable(of: block)
        let slot = slots.take(byteCount: max(64, block.decodedCapacity))
        let groups = try readGroups(of: block, table: table)
        if engine == .direct {
            try DeviceThreads.forEach(groups.count, count: 2 * workers.count) { (index) throws(FormatError) in
                try self.fill(slot, with: groups[index], of: block)
            }
            return try resident(block, in: slot)
        }
        do {
            try workers.forEach(groups.count) { index in
                try self.fill(slot, with: groups[index], of: block)
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw .limit("\(error)")
        }
        return try resident(block, in: slot)
    }

    private func resident(_ block: Block, in slot: SlotMemory) throws(FormatError) -> ResidentBlock {
        counters.add(bytes: UInt64(block.length))
        let parts = try unsafe storedParts(
            of: block, base: UnsafeRawBufferPointer(slot.bytes), offsets: block.decodedOffsets, owner: slot)
        return ResidentBlock(parts: parts)
    }

    /// Loads a small block with one read.
    private func loadWhole(_ block: Block) throws(FormatError) -> ResidentBlock {
        let slot = slots.take(byteCount: max(64, block.decodedCapacity))
        try unsafe withStored(at: 0, of: block, count: block.length) { (stored, decoder) throws(FormatError) in
            // The table is the block's end, as the block's own check established.
            let table = try unsafe ChunkTable(Array(stored[block.tableOffset...]), of: block)
            for group in try readGroups(of: block, table: table) {
                // Groups lie inside the block, in front of its table.
                let bytes = unsafe UnsafeRawBufferPointer(
                    rebasing: stored[Int(group.start)..<Int(group.start) + group.length])
                try unsafe decode(group, stored: bytes, of: block, into: slot, by: decoder)
            }
        }
        return try resident(block, in: slot)
    }

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
