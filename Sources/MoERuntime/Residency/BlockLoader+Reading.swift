internal import MoEFormat
internal import MoESystem

/// Reading chunks, checking them against their hashes, and decoding them to their place.
extension BlockLoader {
    /// Stored bytes that one read fetches, about: small enough that decoding begins early and spreads over the workers.
    private static let readBytes = 1 << 20

    /// Chunks of one part that lie one after another and are read in one go.
    struct ReadGroup: Sendable {
        let part: Int
        let form: StorageForm
        let chunks: Range<Int>
        let entries: [ChunkEntry]
        let start: UInt64
        let length: Int
    }

    func readGroups(of block: Block, table: ChunkTable) throws(FormatError) -> [ReadGroup] {
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

    func fill(_ slot: SlotMemory, with group: ReadGroup, of block: Block) throws(FormatError) {
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
    func decode(
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

    /// Lends bytes of a block, read or mapped as the engine does it.
    func withStored(
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
}
