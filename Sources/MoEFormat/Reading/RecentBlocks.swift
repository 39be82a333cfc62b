import MoESystem

/// The blocks that were looked at last, with their chunk tables: tensors that lie in one block are mostly asked for one after
/// another, and each would check all of the block's parts anew.
final class RecentBlocks: Sendable {
    private struct Entry: Sendable {
        let block: Block
        var table: ChunkTable?
    }

    /// An expert's block, its router's, and a few of other threads.
    private static let capacity = 6

    /// The last one used at the end.
    private let entries = Locked<[Entry]>([])

    func block(_ index: Int) -> Block? { entry(index)?.block }

    func table(of index: Int) -> ChunkTable? { entry(index)?.table }

    /// Remembers a block that was checked; what a block holds never changes, so which thread comes first does not matter.
    func remember(_ block: Block, table: ChunkTable? = nil) {
        entries.withLock { entries in
            if let place = entries.firstIndex(where: { $0.block.id == block.id }) {
                entries[place].table = entries[place].table ?? table
                return
            }
            if entries.count == Self.capacity { entries.removeFirst() }
            entries.append(Entry(block: block, table: table))
        }
    }

    private func entry(_ index: Int) -> Entry? {
        entries.withLock { entries in
            guard let place = entries.lastIndex(where: { $0.block.id == index }) else { return nil }
            entries.append(entries.remove(at: place))
            return entries.last
        }
    }
}
