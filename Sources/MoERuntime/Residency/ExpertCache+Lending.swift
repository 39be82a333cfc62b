internal import Foundation
internal import MoEFormat

/// Experts that are lent to code outside, which may lease others while it has them.
extension ExpertCache {
    /// The caches that lend to the code that is running, which must not wait for what it holds itself.
    @TaskLocal private static var lenders: Set<ObjectIdentifier> = []

    var lendsToRunningCode: Bool { Self.lenders.contains(ObjectIdentifier(self)) }

    /// Leases blocks for the length of `body`, which is the user's and may lease others in turn.
    ///
    /// - Throws: `RuntimeError.budgetTooSmall`; what `body` throws.
    func lend<Result>(
        _ blocks: [ExpertBlock], ofLayer layer: Int, _ body: (Lease) throws -> Result
    ) throws -> Result {
        let lease = try lease(blocks, ofLayer: layer)
        count(lent: blocks, 1)
        defer { count(lent: blocks, -1) }
        return try Self.$lenders.withValue(Self.lenders.union([ObjectIdentifier(self)])) { try body(lease) }
    }

    private func count(lent blocks: [ExpertBlock], _ sign: Int) {
        locked {
            for block in blocks {
                let count = lent[block.id, default: 0] + sign
                lent[block.id] = count == 0 ? nil : count
            }
            condition.broadcast()
        }
    }

    /// A lease for who borrows already: before all that wait in line, since one of them may wait for what is borrowed. What is
    /// lent comes back only when its borrowers are done, so it is not waited for.
    func leaseMore(
        _ blocks: [ExpertBlock], ofLayer layer: Int, isCancelled: () -> Bool
    ) throws(RuntimeError) -> Lease {
        condition.lock()
        waitingBorrowers += 1
        while !residents.hasRoom(for: blocks, within: budget) {
            let needed =
                lent.keys.reduce(0) { $0 + (residents[$1]?.bytes ?? 0) }
                + blocks.reduce(0) { $0 + (lent[$1.id] == nil ? $1.bytes : 0) }
            var failure: RuntimeError?
            if needed > budget { failure = .budgetTooSmall(needed: needed, budget: budget) }
            if isCancelled() { failure = .cancelled }
            if let failure {
                waitingBorrowers -= 1
                condition.broadcast()
                condition.unlock()
                throw failure
            }
            condition.wait()
        }
        waitingBorrowers -= 1
        let granted = grant(blocks, ofLayer: layer)
        condition.broadcast()
        unlockAndFree()
        return begin(granted, of: blocks)
    }
}
