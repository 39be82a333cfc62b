internal import MoEFormat
internal import MoESystem

/// Raw blocks of a mapped file, used where they lie.
extension BlockLoader {
    /// Maps a raw block, whose chunks are then checked where they lie and used there.
    func mapInPlace(_ block: Block, _ completion: @escaping BlockLoad.Completion) -> LoadThreads.Remainder {
        do throws(FormatError) {
            let table = try file.chunkTable(of: block)
            let storage = try file.storage(of: block)
            let region = try map(storage, offset: block.offset, count: max(1, block.tableOffset))
            if checkedInPlace.withLock({ $0.contains(block.id) }) {
                region.populate()
                completion(.success(try resident(block, table: table, in: region)))
                return LoadThreads.Remainder()
            }
            region.willNeed()
            return try checking(block, table: table, in: region, completion)
        } catch {
            completion(.failure(error))
            return LoadThreads.Remainder()
        }
    }

    private func checking(
        _ block: Block, table: ChunkTable, in region: MappedRegion, _ completion: @escaping BlockLoad.Completion
    ) throws(FormatError) -> LoadThreads.Remainder {
        let runs = try table.runs(of: block)
        let build: BlockLoad.Build = { [self] () throws(FormatError) in
            _ = checkedInPlace.withLock { $0.insert(block.id) }
            return try resident(block, table: table, in: region)
        }
        let load = BlockLoad(pieces: 1 + runs.count, completion: completion, build: build)
        // Only when this ends can the load, of which no chunk may be left to come.
        defer { load.piece(0) { () throws(FormatError) in } }
        return LoadThreads.Remainder(
            work: runs.map { run in
                { [self] in
                    load.piece(1 + run.number) { () throws(FormatError) in try check(run, of: block, in: region) }
                }
            })
    }

    private func check(_ run: ChunkRun, of block: Block, in region: MappedRegion) throws(FormatError) {
        for (entry, chunk) in zip(run.entries, run.chunks) {
            let bytes = unsafe UnsafeRawBufferPointer(
                rebasing: region.bytes[Int(entry.offset)..<Int(entry.offset) + Int(entry.storedLength)])
            guard let hash = unsafe XXH3.hash64(ofMapped: bytes) else { throw Self.lostPages(of: region.path) }
            guard Integrity.matches(entry.hash, hash) else {
                throw .broken(
                    .chunkHash, in: block, at: entry.offset,
                    "chunk \(chunk) of part \(block.parts[run.part].id) does not match its hash")
            }
        }
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

    func map(_ storage: ReadableFile, offset: UInt64, count: Int) throws(FormatError) -> MappedRegion {
        do { return try MappedRegion(storage, offset: offset, count: count) } catch { throw .io(error) }
    }
}
