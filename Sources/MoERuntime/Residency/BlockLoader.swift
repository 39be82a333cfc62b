internal import MoEFormat
internal import MoESystem
internal import Synchronization

/// Brings blocks of one file into memory: reads, checks every chunk's hash, decodes.
///
/// One contract for all engines: what `load` returns has the same bits, and nothing in it was not checked.
final class BlockLoader: Sendable {
    let file: ModelFile
    let engine: IOEngine
    private let slots: SlotPool
    private let counters: LoadCounters
    private let decoders = DecoderPool()
    /// Raw blocks that were checked in their mapping: used in place again, they are not hashed again.
    private let checkedInPlace = Locked<Set<Int>>([])
    /// Stored bytes that one read fetches, about: small enough that decoding begins early and spreads over the workers.
    private static let readBytes = 1 << 20
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
        let table = try chunkTable(of: block)
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

    // MARK: Reading and decoding

    /// Chunks of one part that lie one after another and are read in one go.
    private struct ReadGroup: Sendable {
        let part: Int
        let form: StorageForm
        let chunks: Range<Int>
        let entries: [ChunkEntry]
        let start: UInt64
        let length: Int
    }

    private func readGroups(of block: Block, table: ChunkTable) throws(FormatError) -> [ReadGroup] {
        var groups: [ReadGroup] = []
        for (index, part) in block.parts.enumerated() {
            let form = try part.form(dtype: block.dtypes[index])
            let entries = Array(table.entries(of: part))
            var first = 0
            while first < entries.count {
                var end = first + 1
                // Offsets ascend and lie inside the block, which the table's check established.
                while end < entries.count,
                    entries[end].offset + UInt64(entries[end].storedLength) - entries[first].offset
                        <= UInt64(Self.readBytes)
                { end += 1 }
                let start = entries[first].offset
                let length = Int(entries[end - 1].offset + UInt64(entries[end - 1].storedLength) - start)
                groups.append(
                    ReadGroup(
                        part: index, form: form, chunks: first..<end, entries: Array(entries[first..<end]),
                        start: start, length: length))
                first = end
            }
        }
        return groups
    }

    private func fill(_ slot: SlotMemory, with group: ReadGroup, of block: Block) throws(FormatError) {
        let part = block.parts[group.part]
        let width = group.form.elementBytes
        let base = block.decodedOffsets[group.part]
        if group.form.encoding == .raw, engine != .direct {
            // Raw chunks adjoin, in the file as in memory: read to their place, then checked there.
            let first = part.chunking.range(of: UInt64(group.chunks.lowerBound)).lowerBound
            let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: slot.bytes[base + Int(first) * width..<base + Int(first) * width + group.length])
            try unsafe read(file.storage(of: block), at: block.offset + group.start, into: target)
            try unsafe check(group, stored: UnsafeRawBufferPointer(target), block: block)
            return
        }
        try unsafe withStored(at: group.start, of: block, count: group.length) {
            (stored, decoder) throws(FormatError) in
            try unsafe decode(group, stored: stored, of: block, into: slot, by: decoder)
        }
    }

    /// Checks and decodes the chunks of a group, whose bytes `stored` are.
    private func decode(
        _ group: ReadGroup, stored: UnsafeRawBufferPointer, of block: Block, into slot: SlotMemory,
        by decoder: MoEFormat.ChunkDecoder
    ) throws(FormatError) {
        let width = group.form.elementBytes
        let base = block.decodedOffsets[group.part]
        try unsafe check(group, stored: stored, block: block)
        for (entry, chunk) in zip(group.entries, group.chunks) {
            let range = block.parts[group.part].chunking.range(of: UInt64(chunk))
            let offset = Int(entry.offset - group.start)
            let source = unsafe UnsafeRawBufferPointer(rebasing: stored[offset..<offset + Int(entry.storedLength)])
            let from = base + Int(range.lowerBound) * width
            let target = unsafe UnsafeMutableRawBufferPointer(rebasing: slot.bytes[from..<from + range.count * width])
            try unsafe decoder.decode(source, form: group.form, elements: range.count, into: target)
        }
        counters.add(chunks: group.chunks.count)
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

    /// Lends bytes of a block, read or mapped as the engine does it.
    private func withStored(
        at start: UInt64, of block: Block, count: Int,
        _ body: (UnsafeRawBufferPointer, MoEFormat.ChunkDecoder) throws(FormatError) -> Void
    ) throws(FormatError) {
        let storage = try file.storage(of: block)
        let offset = block.offset + start
        try decoders.withDecoder { (decoder) throws(FormatError) in
            switch engine {
            case .mapped:
                // Decoders must not be interrupted by a file that shrinks: they work on a copy.
                let region = try map(storage, offset: offset, count: count)
                let room = unsafe decoder.input.bytes(count)
                guard unsafe region.copy(0..<count, to: room) else { throw Self.lostPages(of: storage.path) }
                try unsafe body(UnsafeRawBufferPointer(room), decoder)
            case .read, .direct:
                let unit = engine == .direct ? UInt64(SlotPool.alignment) : 1
                let start = offset / unit * unit
                let lead = Int(offset - start)
                let end = min(storage.size, (offset + UInt64(count)).roundedUp(toMultipleOf: unit) ?? storage.size)
                let room = unsafe decoder.input.bytes(Int(end - start) + (engine == .direct ? SlotPool.alignment : 0))
                let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[0..<Int(end - start)])
                try unsafe read(storage, at: start, into: target)
                try unsafe body(UnsafeRawBufferPointer(rebasing: target[lead..<lead + count]), decoder)
            }
        }
    }

    private func check(_ group: ReadGroup, stored: UnsafeRawBufferPointer, block: Block) throws(FormatError) {
        for (entry, chunk) in zip(group.entries, group.chunks) {
            let offset = Int(entry.offset - group.start)
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: stored[offset..<offset + Int(entry.storedLength)])
            guard Integrity.matches(entry.hash, unsafe XXH3.hash64(bytes)) else {
                throw .broken(
                    .chunkHash, in: block, at: entry.offset,
                    "chunk \(chunk) of part \(block.parts[group.part].id) does not match its hash")
            }
        }
    }

    private func read(
        _ storage: ReadableFile, at offset: UInt64, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        do throws(SystemError) {
            if engine == .direct, let direct = storage.bypassingPageCache {
                // The end of the file need not be a multiple of the unit: the rest comes through the page cache.
                let unit = SlotPool.alignment
                let whole = target.count / unit * unit
                if whole > 0 {
                    try unsafe direct.read(into: UnsafeMutableRawBufferPointer(rebasing: target[0..<whole]), at: offset)
                }
                if whole < target.count {
                    try unsafe storage.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: target[whole...]), at: offset + UInt64(whole))
                }
            } else {
                try unsafe storage.read(into: target, at: offset)
            }
        } catch {
            throw .io(error)
        }
    }

    private func chunkTable(of block: Block) throws(FormatError) -> ChunkTable { try file.chunkTable(of: block) }

    // MARK: In place

    /// Maps a raw block, checks its chunks, and uses it where it lies.
    private func mapInPlace(_ block: Block, workers: MoESystem.Workers) throws(FormatError) -> ResidentBlock {
        let table = try chunkTable(of: block)
        let storage = try file.storage(of: block)
        let region = try map(storage, offset: block.offset, count: max(1, block.tableOffset))
        if checkedInPlace.withLock({ $0.contains(block.id) }) {
            region.populate()
            return try resident(block, table: table, in: region)
        }
        region.willNeed()
        let entries = table.entries
        do {
            try workers.forEach(entries.count) { index in
                let entry = entries[index]
                let bytes = unsafe UnsafeRawBufferPointer(
                    rebasing: region.bytes[Int(entry.offset)..<Int(entry.offset) + Int(entry.storedLength)])
                guard let hash = unsafe XXH3.hash64(ofMapped: bytes) else { throw Self.lostPages(of: storage.path) }
                guard Integrity.matches(entry.hash, hash) else {
                    throw FormatError.broken(
                        .chunkHash, in: block, at: entry.offset,
                        "chunk \(index) of block \(block.id) does not match its hash")
                }
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw .limit("\(error)")
        }
        _ = checkedInPlace.withLock { $0.insert(block.id) }
        return try resident(block, table: table, in: region)
    }

    private func resident(_ block: Block, table: ChunkTable, in region: MappedRegion) throws(FormatError)
        -> ResidentBlock
    {
        counters.add(bytes: UInt64(block.length))
        let offsets = block.parts.map { Int(table.entries(of: $0).first?.offset ?? 0) }
        let parts = try unsafe storedParts(of: block, base: region.bytes, offsets: offsets, owner: region)
        return ResidentBlock(
            parts: try parts.map { (part) throws(FormatError) in try ownedUnlessMatrix(part, path: region.path) })
    }

    /// A part whose bytes only guarded kernels read stays where it is mapped; all others are copied out.
    private func ownedUnlessMatrix(_ part: StoredPart, path: String) throws(FormatError) -> StoredPart {
        guard part.matrix.elements.count == part.matrix.rowLength || !part.matrix.isReadByKernels else { return part }
        var copied = part
        guard let elements = part.matrix.elements.copiedFromMapping() else { throw Self.lostPages(of: path) }
        copied.matrix.elements = elements
        if let scale = part.matrix.scale {
            guard let scale = scale.copiedFromMapping() else { throw Self.lostPages(of: path) }
            copied.matrix.scale = scale
        }
        return copied
    }

    /// What a mapping reports that has lost its file.
    static func lostPages(of path: String) -> FormatError {
        let cause = SystemError("cannot read", path: path, number: 5)
        return FormatError(
            .io, "cannot read \(path): the file was written to or cut short, or its device failed, while it was mapped",
            cause: cause)
    }

    private func map(_ storage: ReadableFile, offset: UInt64, count: Int) throws(FormatError) -> MappedRegion {
        do { return try MappedRegion(storage, offset: offset, count: count) } catch { throw .io(error) }
    }

    // MARK: Parts

    /// The block's parts as the layer's computation takes them; bytes at `offsets` from `base`, kept by `owner`.
    private func storedParts(
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

/// What loading has cost so far.
final class LoadCounters: Sendable {
    let bytesRead = Atomic<UInt64>(0)
    let blocksLoaded = Atomic<UInt64>(0)
    let chunksDecoded = Atomic<UInt64>(0)

    func add(bytes: UInt64) {
        bytesRead.wrappingAdd(bytes, ordering: .relaxed)
        blocksLoaded.wrappingAdd(1, ordering: .relaxed)
    }

    func add(chunks: Int) { chunksDecoded.wrappingAdd(UInt64(chunks), ordering: .relaxed) }
}
