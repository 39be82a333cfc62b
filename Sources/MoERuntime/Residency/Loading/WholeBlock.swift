internal import MoEFormat
internal import MoESystem

/// A block that comes as a whole, chunk table included, in a few reads; chunks are decoded as soon as all of their bytes are
/// there. The last bytes, which hold the table, are asked for first.
final class WholeBlock: Sendable {
    private struct State: Sendable {
        var hasArrived: [Bool]
        /// Chunks that wait for their bytes; nil until the table is there.
        var waiting: [ChunkRun]?
    }

    private let block: Block
    private let range: FileRange
    /// Cuts of the range.
    private let pieces: [Range<Int>]
    private let load: BlockLoad
    private let slot: SlotMemory
    private let stored: StoredBytes
    private let state: Locked<State>

    init(
        _ block: Block, _ range: FileRange, pieces: [Range<Int>], load: BlockLoad, slot: SlotMemory, stored: StoredBytes
    ) {
        self.block = block
        self.range = range
        self.pieces = pieces
        self.load = load
        self.slot = slot
        self.stored = stored
        state = Locked(State(hasArrived: [Bool](repeating: false, count: pieces.count)))
    }

    /// Its reads, by a loader: the pieces of the load in front of the chunks.
    func reads(by loader: BlockLoader) -> [LoadThreads.Read] {
        let order = [pieces.count - 1] + (0..<pieces.count - 1)
        return order.enumerated().map { number, piece in
            { [self] in
                load.piece(number) { () throws(FormatError) in
                    let bytes = pieces[piece]
                    try unsafe loader.read(
                        loader.file.storage(of: block), at: range.offset + UInt64(bytes.lowerBound),
                        into: stored.room(bytes))
                    if number == 0 { try takeTable(by: loader) }
                }
                let work = arrived(piece).map { run -> LoadThreads.Work in
                    {
                        self.load.piece(self.pieces.count + run.number) { () throws(FormatError) in
                            try loader.decode(run, from: self.stored, of: self.block, into: self.slot)
                        }
                    }
                }
                return LoadThreads.Remainder(work: work)
            }
        }
    }

    private func takeTable(by loader: BlockLoader) throws(FormatError) {
        let bytes = unsafe stored.bytes(from: UInt64(block.tableOffset), count: block.length - block.tableOffset)
        let runs = try unsafe ChunkTable(Array(bytes), of: block).runs(of: block)
        load.expect(runs.count)
        state.withLock { $0.waiting = runs }
    }

    /// A piece has come, or never will, which its load knows.
    ///
    /// - Returns: the chunks that waited for nothing else.
    private func arrived(_ piece: Int) -> [ChunkRun] {
        state.withLock { state in
            state.hasArrived[piece] = true
            guard let waiting = state.waiting else { return [] }
            let isThere = { [hasArrived = state.hasArrived] (run: ChunkRun) in
                let bytes = self.stored.range(from: run.start, count: run.length)
                return zip(self.pieces, hasArrived).allSatisfy { $1 || !$0.overlaps(bytes) }
            }
            state.waiting = waiting.filter { !isThere($0) }
            return waiting.filter(isThere)
        }
    }
}
