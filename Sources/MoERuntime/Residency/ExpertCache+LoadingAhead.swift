internal import Foundation
internal import MoEFormat

/// Loading what will be needed, or is only guessed to be.
extension ExpertCache {
    /// Begins to load blocks for the layer's next run that are not in memory, as far as they fit beside what is leased; never
    /// waits.
    ///
    /// They stay until that run, unless leases need their room. Does nothing while a lease waits for room: loading blocks
    /// cannot be evicted, and a stream of them would keep it waiting.
    func prefetch(_ blocks: [ExpertBlock], ofLayer layer: Int) {
        loadAhead(locked { expect(blocks, ofLayer: layer, guess: nil) })
    }

    /// The same for blocks that are only guessed to be needed: as long as that pays, and for a quarter of the budget at most.
    ///
    /// - Parameter blocks: those that are most likely first.
    func lookAhead(to blocks: [ExpertBlock], ofLayer layer: Int) {
        loadAhead(
            locked {
                guard lookAhead.isOn else { return [] }
                lookAhead.predicted(blocks.count)
                var room = budget / 4 - residents.expectedBytes
                let missing = blocks.prefix { block in
                    if residents[block.id] == nil { room -= block.bytes }
                    return room >= 0
                }
                return expect(Array(missing), ofLayer: layer, guess: LookAhead.Guess())
            })
    }

    var isLookingAhead: Bool { locked { lookAhead.isOn } }

    private func expect(_ blocks: [ExpertBlock], ofLayer layer: Int, guess: LookAhead.Guess?) -> [Block] {
        guard served == nextTicket, waitingBorrowers == 0 else { return [] }
        var missing: [Block] = []
        for block in blocks where residents[block.id] == nil && residents.hasRoom(for: [block], within: budget) {
            makeRoom(for: block.bytes)
            residents.add(block, layer: layer, leases: 0, isExpected: true, guess: guess)
            if guess != nil { lookAhead.began(bytes: block.bytes) }
            missing.append(block.block)
        }
        return missing
    }

    private func loadAhead(_ blocks: [Block]) {
        for block in blocks {
            // Nothing is taken for it before its turn comes.
            threads.submit(
                ahead: block.id,
                [
                    { [self] in
                        guard takeUp(block) else { return LoadThreads.Remainder() }
                        return LoadThreads.Remainder(reads: loader.reads(of: block) { self.finish(block, $0) })
                    }
                ])
        }
        // A lease may have come between the decision and the line.
        threads.hasten(locked { blocks.map(\.id).filter { (residents[$0]?.leases ?? 0) > 0 } })
    }

    /// Whether a block that is to be loaded ahead is still wanted when its turn comes; it is forgotten if not.
    private func takeUp(_ block: Block) -> Bool {
        locked {
            guard let entry = residents[block.id], entry.isLoading else { return false }
            guard entry.isExpected || entry.leases > 0 else {
                remove(block.id)
                condition.broadcast()
                return false
            }
            residents.update(block.id) { $0.guess?.begin = .now }
            return true
        }
    }
}
