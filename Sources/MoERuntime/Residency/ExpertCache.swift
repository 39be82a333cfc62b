internal import Foundation
internal import MoEFormat
internal import MoESystem

/// Which blocks are in memory: one byte budget for the whole file, shared by all layers and threads.
///
/// A step leases all of its experts at once, so that it never evicts its own; what is missing is loaded by threads of the
/// cache, each block once however many ask for it. A leased block is never evicted nor overwritten. Bytes count as their
/// blocks' decoded lengths and never exceed the budget.
///
/// `@unchecked Sendable`: all state is only touched under the condition's lock, here as in the extensions; it is never held while
/// a block is read or decoded.
final class ExpertCache: @unchecked Sendable {
    let loader: BlockLoader
    private let slots: SlotPool
    let threads: LoadThreads
    let condition = NSCondition()
    var residents = Residents()
    private var scores: ExpertScores
    var lookAhead = LookAhead()
    var budget: Int
    /// Evicted and not yet let go: memory is given back when the lock is not held.
    private var evicted: [Residents.Content] = []
    private var hits: UInt64 = 0
    private var misses: UInt64 = 0
    /// Leases are granted in the order they were asked for, so that none waits forever.
    var nextTicket: UInt64 = 0
    var served: UInt64 = 0
    /// Tickets of leases that were given up before their turn.
    private var abandoned: Set<UInt64> = []
    /// Blocks that are lent, and how often.
    var lent: [Int: Int] = [:]
    /// Borrowers that wait for more.
    var waitingBorrowers = 0

    init(_ loader: BlockLoader, slots: SlotPool, budget: Int, policy: CachePolicy, layerCount: Int, jobs: Int) {
        self.loader = loader
        self.slots = slots
        self.budget = budget
        scores = ExpertScores(policy, layerCount: layerCount)
        // Three reads keep a device busy: more make each of them later, and with it the decoding of what it brings. What comes
        // through the page cache is copied by the one who reads, which is work for all processors.
        let readers = loader.engine == .direct ? 3 : max(2, jobs)
        threads = LoadThreads(readers: readers, decoders: jobs)
    }

    /// Bytes that the budget allows.
    var byteLimit: Int { locked { budget } }

    /// Changes the budget; blocks that no longer fit go at once, leased ones when they are given back.
    func setBudget(_ bytes: Int) {
        locked {
            budget = max(0, bytes)
            makeRoom(for: 0)
            slots.setByteLimit(max(0, bytes))
            condition.broadcast()
        }
    }

    // MARK: Leases

    /// A layer runs and will use these blocks: what scores count, once a run in however many leases it takes them.
    ///
    /// - Returns: the blocks in the order to take them: those in memory first, before others are loaded in their place.
    func beginRun(ofLayer layer: Int, using blocks: [ExpertBlock]) -> [ExpertBlock] {
        locked {
            scores.use(blocks.map(\.id), ofLayer: layer)
            let used = Set(blocks.map(\.id))
            let now = ContinuousClock.now
            for (block, bytes, guess) in residents.settle(layer: layer, using: used) {
                if used.contains(block) {
                    lookAhead.wasRight(guess, at: now)
                } else {
                    lookAhead.wasWrong(guess, bytes: bytes, at: now)
                }
            }
            let isThere = { [residents] (block: ExpertBlock) in residents[block.id] != nil }
            return blocks.filter(isThere) + blocks.filter { !isThere($0) }
        }
    }

    /// Leases blocks of a layer and begins to load those that are not in memory.
    ///
    /// Waits while other leases hold the room that these need.
    /// - Parameters:
    ///   - blocks: together they must fit the budget.
    ///   - isCancelled: whether nobody wants them any more; asked again after `wakeWaiting`.
    /// - Throws: `RuntimeError`: `budgetTooSmall`, `cancelled`.
    func lease(
        _ blocks: [ExpertBlock], ofLayer layer: Int, isCancelled: () -> Bool = { false }
    ) throws(RuntimeError) -> Lease {
        let needed = blocks.reduce(0) { $0 + $1.bytes }
        if lendsToRunningCode { return try leaseMore(blocks, ofLayer: layer, isCancelled: isCancelled) }
        condition.lock()
        let ticket = nextTicket
        nextTicket += 1
        while served != ticket || waitingBorrowers > 0 || !residents.hasRoom(for: blocks, within: budget) {
            var failure: RuntimeError?
            if served == ticket, needed > budget { failure = .budgetTooSmall(needed: needed, budget: budget) }
            if isCancelled() { failure = .cancelled }
            if let failure {
                if served == ticket { serveNext() } else { abandoned.insert(ticket) }
                condition.broadcast()
                condition.unlock()
                throw failure
            }
            condition.wait()
        }
        serveNext()
        let granted = grant(blocks, ofLayer: layer)
        condition.broadcast()
        unlockAndFree()
        return begin(granted, of: blocks)
    }

    /// The turn of the next lease that still waits.
    private func serveNext() {
        repeat { served += 1 } while abandoned.remove(served) != nil
    }

    /// Has those that wait for room ask whether they are cancelled.
    func wakeWaiting() { locked { condition.broadcast() } }

    /// A lease if it can be had at once, beside all others and before any that wait; nil otherwise. Who holds a lease must not
    /// wait for another.
    func leaseWithoutWaiting(_ blocks: [ExpertBlock], ofLayer layer: Int) -> Lease? {
        condition.lock()
        guard served == nextTicket, waitingBorrowers == 0, residents.hasRoom(for: blocks, within: budget) else {
            condition.unlock()
            return nil
        }
        let granted = grant(blocks, ofLayer: layer)
        unlockAndFree()
        return begin(granted, of: blocks)
    }

    /// What a lease finds when it is granted.
    struct Granted {
        /// In memory.
        var hits: Set<Int> = []
        /// On their way there.
        var loading: [Int] = []
        var missing: [Block] = []
    }

    func begin(_ granted: Granted, of blocks: [ExpertBlock]) -> Lease {
        threads.hasten(granted.loading)
        load(granted.missing)
        return Lease(self, blocks: blocks.map(\.id), hits: granted.hits)
    }

    /// Takes the blocks into account as leased; the caller loads those that are missing.
    func grant(_ blocks: [ExpertBlock], ofLayer layer: Int) -> Granted {
        var granted = Granted()
        var absent: [ExpertBlock] = []
        // Those that are there are leased first: making room for the others must not evict them.
        for block in blocks {
            guard let content = residents.content(of: block.id) else {
                absent.append(block)
                continue
            }
            residents.lease(block.id)
            switch content {
            case .ready: granted.hits.insert(block.id)
            case .failed:
                // Another lease still holds the failure; a device may have recovered since.
                residents.set(.loading, of: block.id)
                granted.missing.append(block.block)
            case .loading: granted.loading.append(block.id)
            }
        }
        makeRoom(for: absent.reduce(0) { $0 + $1.bytes })
        for block in absent { residents.add(block, layer: layer, leases: 1) }
        granted.missing += absent.map(\.block)
        hits += UInt64(blocks.count - granted.missing.count)
        misses += UInt64(granted.missing.count)
        return granted
    }

    func end(_ blocks: [Int]) {
        locked {
            for block in blocks {
                residents.update(block) { $0.leases -= 1 }
                // What could not be loaded is tried again by the next who asks.
                if residents[block]?.leases == 0, case .failed = residents.content(of: block) { remove(block) }
            }
            makeRoom(for: 0)
            condition.broadcast()
        }
    }

    // MARK: Eviction

    /// Removes the least wanted blocks until `bytes` more fit.
    func makeRoom(for bytes: Int) {
        for block in residents.surplus(over: budget - bytes, by: scores) { remove(block) }
    }

    func remove(_ block: Int) {
        guard let (entry, content) = residents.remove(block) else { return }
        if let guess = entry.guess { lookAhead.wasWrong(guess, bytes: entry.bytes, at: .now) }
        evicted.append(content)
    }

    func locked<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        let result = body()
        unlockAndFree()
        return result
    }

    /// Unlocks, then frees what was evicted: that takes the system a while, and other threads need not wait for it. It is gone
    /// when this returns, before anything is loaded in its place.
    func unlockAndFree() {
        let letGo = evicted
        evicted = []
        condition.unlock()
        withExtendedLifetime(letGo) {}
    }

    // MARK: Statistics

    struct Snapshot {
        var hits: UInt64
        var misses: UInt64
        var residentBytes: Int
        var peakBytes: Int
        var lookAhead: LookAheadStatistics
    }

    var snapshot: Snapshot {
        locked {
            Snapshot(
                hits: hits, misses: misses, residentBytes: residents.bytes, peakBytes: residents.peakBytes,
                lookAhead: lookAhead.statistics)
        }
    }
}
