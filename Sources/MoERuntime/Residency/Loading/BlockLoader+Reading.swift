internal import MoEFormat
internal import MoESystem

/// Reading chunks, checking them against their hashes, and decoding them to their place.
extension BlockLoader {
    /// Reads chunks of one part; what is left is to check and decode them. Piece 0 of the load is its table.
    func read(
        _ group: ReadGroup, of block: Block, into slot: SlotMemory, _ load: BlockLoad
    ) -> LoadThreads.Remainder {
        do throws(FormatError) {
            guard let first = group.runs.first, first.form.encoding == .raw, engine == .read else {
                let range = try fileRange(from: group.start, count: group.length, of: block)
                let stored = buffers.take(range.count, lead: range.lead, from: group.start)
                try unsafe read(
                    file.storage(of: block), at: range.offset, into: stored.room(0..<range.count))
                return work(group.runs, load) { (run) throws(FormatError) in
                    try self.decode(run, from: stored, of: block, into: slot)
                }
            }
            // Raw chunks adjoin, in the file as in memory: read to their place, then checked there.
            let target = unsafe slot.bytes(of: first, in: block, count: group.length)
            try unsafe read(file.storage(of: block), at: block.offset + group.start, into: target)
            return work(group.runs, load) { (run) throws(FormatError) in
                let bytes = unsafe slot.bytes(of: run, in: block, count: run.length)
                try unsafe self.check(run, stored: UnsafeRawBufferPointer(bytes), block: block)
                self.counters.add(chunks: run.chunks.count)
            }
        } catch {
            load.fail(1 + group.runs.startIndex..<1 + group.runs.endIndex, error)
            return LoadThreads.Remainder()
        }
    }

    private func work(
        _ runs: ArraySlice<ChunkRun>, _ load: BlockLoad,
        _ body: @escaping @Sendable (ChunkRun) throws(FormatError) -> Void
    ) -> LoadThreads.Remainder {
        LoadThreads.Remainder(
            work: runs.map { run in { load.piece(1 + run.number) { () throws(FormatError) in try body(run) } } })
    }

    /// Checks and decodes chunks whose bytes have been read.
    func decode(
        _ run: ChunkRun, from stored: StoredBytes, of block: Block, into slot: SlotMemory
    ) throws(FormatError) {
        let bytes = unsafe stored.bytes(from: run.start, count: run.length)
        try unsafe check(run, stored: bytes, block: block)
        let chunking = block.parts[run.part].chunking
        try decoders.withDecoder { (decoder) throws(FormatError) in
            for (entry, chunk) in zip(run.entries, run.chunks) {
                let range = chunking.range(of: UInt64(chunk))
                let from = block.decodedOffsets[run.part] + Int(range.lowerBound) * run.form.elementBytes
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: slot.bytes[from..<from + range.count * run.form.elementBytes])
                try unsafe decoder.decode(
                    self.bytes(of: entry, in: run, bytes), form: run.form, elements: range.count, into: target)
            }
        }
        counters.add(chunks: run.chunks.count)
    }

    private func check(_ run: ChunkRun, stored: UnsafeRawBufferPointer, block: Block) throws(FormatError) {
        for (entry, chunk) in zip(run.entries, run.chunks) {
            guard Integrity.matches(entry.hash, unsafe XXH3.hash64(bytes(of: entry, in: run, stored))) else {
                throw .broken(
                    .chunkHash, in: block, at: entry.offset,
                    "chunk \(chunk) of part \(block.parts[run.part].id) does not match its hash")
            }
        }
    }

    private func bytes(
        of entry: ChunkEntry, in run: ChunkRun, _ stored: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        let offset = Int(entry.offset - run.start)
        return unsafe UnsafeRawBufferPointer(rebasing: stored[offset..<offset + Int(entry.storedLength)])
    }

    // MARK: Reading

    /// What to read of the file for some bytes of a block.
    func fileRange(from start: UInt64, count: Int, of block: Block) throws(FormatError) -> FileRange {
        let first = block.offset + start
        return FileRange(
            first..<first + UInt64(count), unit: engine == .direct ? UInt64(SlotRun.alignment) : 1,
            fileSize: try file.storage(of: block).size)
    }

    /// Fills `target` with bytes of a file, the way of the engine.
    func read(
        _ storage: ReadableFile, at offset: UInt64, into target: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        if engine == .mapped {
            // Decoders must not be interrupted by a file that shrinks: they work on a copy.
            let region = try map(storage, offset: offset, count: target.count)
            guard unsafe region.copy(0..<target.count, to: target) else { throw Self.lostPages(of: storage.path) }
            return
        }
        do throws(SystemError) {
            if engine == .direct, let direct = storage.bypassingPageCache {
                // The end of the file need not be a multiple of the unit: the rest comes through the page cache.
                let unit = SlotRun.alignment
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

extension SlotMemory {
    /// Where the elements of a run of chunks lie, from its first element on.
    fileprivate func bytes(of run: ChunkRun, in block: Block, count: Int) -> UnsafeMutableRawBufferPointer {
        let first = block.parts[run.part].chunking.range(of: UInt64(run.chunks.lowerBound)).lowerBound
        let from = block.decodedOffsets[run.part] + Int(first) * run.form.elementBytes
        return unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[from..<from + count])
    }
}
