internal import MoEFormat

extension ExpertCache {
    /// Brings all blocks that one run of a layer uses into memory, each once, and hands them to `body`.
    ///
    /// What fits the budget is leased at once: all reads are submitted before the first block is handed out, and those in
    /// memory come first. What does not fit comes in groups, of which the next one is read while one is worked on.
    /// - Parameters:
    ///   - isCancelled: whether the run is not wanted any more; asked while it waits for room.
    ///   - submitted: called once, when the first reads have been submitted and before anything is handed out.
    ///   - body: may use the block's parts until it returns.
    /// - Throws: `RuntimeError`: `budgetTooSmall` when one block alone exceeds the budget, `cancelled`; what `body` throws.
    func sweep(
        _ blocks: [ExpertBlock], ofLayer layer: Int, isCancelled: () -> Bool = { false }, submitted: () -> Void = {},
        _ body: (ExpertBlock, Lease) throws(RuntimeError) -> Void
    ) throws(RuntimeError) {
        var waiting = beginRun(ofLayer: layer, using: blocks)[...]
        var next: Group?
        var isFirst = true
        var mostBlocks = Int.max
        while !waiting.isEmpty {
            var group: Group
            if let leased = next {
                group = leased
            } else {
                let limit = Self.groupLimit(for: waiting, within: byteLimit)
                let first = Self.firstGroup(of: waiting, within: limit).prefix(mostBlocks)
                do {
                    group = Group(
                        blocks: first, lease: try lease(Array(first), ofLayer: layer, isCancelled: isCancelled))
                } catch .budgetTooSmall where first.count > 1 {
                    // The budget shrank since the group was made, or a part of it is lent: a smaller one may fit.
                    mostBlocks = first.count / 2
                    continue
                }
            }
            waiting = waiting.dropFirst(group.blocks.count)
            next = nil
            if !waiting.isEmpty {
                let following = Self.firstGroup(
                    of: waiting, within: Self.groupLimit(for: waiting, within: byteLimit))
                next = leaseWithoutWaiting(Array(following), ofLayer: layer).map { Group(blocks: following, lease: $0) }
            }
            if isFirst { submitted() }
            isFirst = false
            let isThere = { [lease = group.lease] (block: ExpertBlock) in lease.hits.contains(block.id) }
            for block in group.blocks.filter(isThere) + group.blocks.filter({ !isThere($0) }) {
                try body(block, group.lease)
            }
        }
    }

    private struct Group {
        let blocks: ArraySlice<ExpertBlock>
        let lease: Lease
    }

    /// Bytes that a group may have: the budget if all fit it, half of it otherwise, so that two groups fit.
    private static func groupLimit(for blocks: ArraySlice<ExpertBlock>, within budget: Int) -> Int {
        var total = 0
        for block in blocks {
            total += block.bytes
            if total > budget { return budget / 2 }
        }
        return budget
    }

    /// The first blocks that fit `limit` together, and one at least.
    private static func firstGroup(of blocks: ArraySlice<ExpertBlock>, within limit: Int) -> ArraySlice<ExpertBlock> {
        var total = 0
        let end = blocks.dropFirst().indices.first { index in
            total += blocks[index - 1].bytes
            return total > limit - blocks[index].bytes
        }
        return blocks[..<(end ?? blocks.endIndex)]
    }
}
