import MoESystem

/// The blocks that were looked at last, with their chunk tables: tensors that lie in one block are mostly asked for one after
/// another, and each would check all of the block's parts anew.
///
/// Blocks of many parts are all kept, whatever the order in which their tensors are asked for: what they take is a multiple of their
/// records, as the pages of the directory that are kept too. Otherwise a file of many parts in a few blocks would be checked
/// again and again. An expert has few.
final class RecentBlocks: Sendable {
    private struct Entry: Sendable {
        let block: Block
        var table: ChunkTable?
    }

    private struct State: Sendable {
        /// The last one used at the end.
        var recent: [Entry] = []
        var large: [Int: Entry] = [:]
    }

    /// An expert's block, its router's, and a few of other threads.
    private static let capacity = 6
    /// Parts that make a block a large one.
    private static let largeBlock = 128

    private let state = Locked(State())

    func block(_ index: Int) -> Block? { entry(index)?.block }

    func table(of index: Int) -> ChunkTable? { entry(index)?.table }

    /// Remembers a block that was checked; what a block holds never changes, so which thread comes first does not matter.
    func remember(_ block: Block, table: ChunkTable? = nil) {
        state.withLock { state in
            if block.parts.count >= Self.largeBlock {
                var entry = state.large[block.id] ?? Entry(block: block)
                entry.table = entry.table ?? table
                state.large[block.id] = entry
                return
            }
            if let place = state.recent.firstIndex(where: { $0.block.id == block.id }) {
                state.recent[place].table = state.recent[place].table ?? table
                return
            }
            if state.recent.count == Self.capacity { state.recent.removeFirst() }
            state.recent.append(Entry(block: block, table: table))
        }
    }

    private func entry(_ index: Int) -> Entry? {
        state.withLock { state in
            if let entry = state.large[index] { return entry }
            guard let place = state.recent.lastIndex(where: { $0.block.id == index }) else { return nil }
            state.recent.append(state.recent.remove(at: place))
            return state.recent.last
        }
    }
}
