internal import MoEFormat
internal import MoESystem

/// A block that comes as a whole, chunk table included, in a few reads; chunks are decoded as soon as all of their bytes are
/// there. The last bytes, which hold the table, are asked for first.
final class WholeBlock: Sendable {
    private struct State: Sendable {
        var hasArrived: [Bool]
        /// Chunks that wait for their bytes; nil until the table is there.
        var waiting: [ChunkRun]?
        /// The memory for its bytes; nil before the first read, since many blocks may wait for their turn.
        var stored: StoredBytes?
    }

    private let block: Block
    private let range: FileRange
    /// Cuts of the range.
    private let pieces: [Range<Int>]
    private let load: BlockLoad
    private let slot: SlotMemory
    private let state: Locked<State>

    init(_ block: Block, _ range: FileRange, pieces: [Range<Int>], load: BlockLoad, slot: SlotMemory) {
        self.block = block
        self.range = range
        self.pieces = pieces
        self.load = load
        self.slot = slot
        state = Locked(State(hasArrived: [Bool](repeating: false, count: pieces.count)))
    }

    /// Its reads, by a loader: the pieces of the load in front of the chunks.
    func reads(by loader: BlockLoader) -> [LoadThreads.Read] {
        let order = [pieces.count - 1] + (0..<pieces.count - 1)
        return order.enumerated().map { number, piece in { [self] in read(piece, asPiece: number, of: loader) } }
    }

    private func read(_ piece: Int, asPiece number: Int, of loader: BlockLoader) -> LoadThreads.Remainder {
        load.piece(number) { () throws(FormatError) in
            let memory = memory(of: loader.buffers)
            let bytes = pieces[piece]
            try unsafe loader.read(
                loader.file.storage(of: block), at: range.offset + UInt64(bytes.lowerBound), into: memory.room(bytes))
            if number == 0 { try takeTable(from: memory) }
        }
        let (runs, stored) = arrived(piece)
        guard let stored else { return LoadThreads.Remainder() }
        return LoadThreads.Remainder(
            work: runs.map { run in
                { [self] in
                    load.piece(pieces.count + run.number) { () throws(FormatError) in
                        try loader.decode(run, from: stored, of: block, into: slot)
                    }
                }
            })
    }

    private func memory(of buffers: ReadBuffers) -> StoredBytes {
        state.withLock { state in
            let stored = state.stored ?? buffers.take(range.count, lead: range.lead, from: 0)
            state.stored = stored
            return stored
        }
    }

    private func takeTable(from stored: StoredBytes) throws(FormatError) {
        let bytes = unsafe stored.bytes(from: UInt64(block.tableOffset), count: block.length - block.tableOffset)
        let runs = try unsafe ChunkTable(Array(bytes), of: block).runs(of: block)
        load.expect(runs.count)
        state.withLock { $0.waiting = runs }
    }

    /// A piece has come, or never will, which its load knows.
    ///
    /// - Returns: the chunks that waited for nothing else, and where they lie; the last ones take the memory with them.
    private func arrived(_ piece: Int) -> ([ChunkRun], StoredBytes?) {
        state.withLock { state in
            state.hasArrived[piece] = true
            guard let waiting = state.waiting else { return ([], nil) }
            let isThere = { [hasArrived = state.hasArrived] (run: ChunkRun) in
                let first = self.range.lead + Int(run.start)
                return zip(self.pieces, hasArrived).allSatisfy { $1 || !$0.overlaps(first..<first + run.length) }
            }
            let stored = state.stored
            state.waiting = waiting.filter { !isThere($0) }
            if !state.hasArrived.contains(false) { state.stored = nil }
            return (waiting.filter(isThere), stored)
        }
    }
}
