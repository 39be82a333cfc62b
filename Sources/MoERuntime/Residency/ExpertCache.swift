internal import Foundation
internal import MoEFormat
internal import MoESystem

/// Which blocks are in memory: one byte budget for the whole file, shared by all layers and threads.
///
/// A step leases all of its experts at once, so that it never evicts its own; what is missing is loaded by threads of the
/// cache, each block once however many ask for it. A leased block is never evicted nor overwritten. Bytes count as their
/// blocks' decoded lengths and never exceed the budget.
///
/// `@unchecked Sendable`: all state is only touched under the condition's lock, which is never held while a block is read
/// or decoded.
final class ExpertCache: @unchecked Sendable {
    private enum Content {
        case loading
        case ready(ResidentBlock)
        case failed(FormatError)
    }

    private struct Entry {
        let byteCount: Int
        let layer: Int
        var content: Content
        var leases: Int
    }

    private let loader: BlockLoader
    private let slots: SlotPool
    private let threads: LoadThreads
    private let jobs: Int
    private let condition = NSCondition()
    private var entries: [Int: Entry] = [:]
    private var scores: ExpertScores
    private var budget: Int
    /// Removed from `entries` and not yet let go: memory is given back when the lock is not held.
    private var evicted: [Content] = []
    private var residentBytes = 0
    private var peakBytes = 0
    private var hits: UInt64 = 0
    private var misses: UInt64 = 0
    /// Leases are granted in the order they were asked for, so that none waits forever.
    private var nextTicket: UInt64 = 0
    private var served: UInt64 = 0

    init(_ loader: BlockLoader, slots: SlotPool, budget: Int, policy: CachePolicy, jobs: Int) {
        self.loader = loader
        self.slots = slots
        self.budget = budget
        self.jobs = jobs
        scores = ExpertScores(policy)
        // Threads that wait for the device compute nothing: twice as many keep it and the processors busy.
        threads = LoadThreads(count: loader.engine == .direct ? 2 * jobs : jobs)
    }

    /// Bytes that the budget allows.
    var byteLimit: Int { locked { budget } }

    /// Changes the budget; blocks that no longer fit go at once, leased ones when they are given back.
    func setBudget(_ bytes: Int) {
        locked {
            budget = max(0, bytes)
            evict(for: 0)
            slots.setByteLimit(max(0, bytes))
            condition.broadcast()
        }
    }

    // MARK: Leases

    /// Blocks that stay in memory until the lease ends.
    final class Lease: Sendable {
        private let cache: ExpertCache
        let blocks: [Int]
        /// Those that were in memory already.
        let hits: Set<Int>

        fileprivate init(_ cache: ExpertCache, blocks: [Int], hits: Set<Int>) {
            self.cache = cache
            self.blocks = blocks
            self.hits = hits
        }

        deinit { cache.end(blocks) }

        /// The block's parts, once they are in memory.
        ///
        /// - Throws: what loading threw; other blocks are unaffected.
        func parts(of block: Int) throws(FormatError) -> [StoredPart] { try cache.wait(for: block).parts }
    }

    /// Leases blocks of a layer and begins to load those that are not in memory.
    ///
    /// Waits while other leases hold the room that these need.
    /// - Parameters:
    ///   - blocks: each with its decoded length; together they must fit the budget.
    ///   - counts: whether this is a use, that statistics and scores count, or only a look ahead.
    /// - Throws: `RuntimeError.budgetTooSmall`.
    func lease(_ blocks: [(block: Block, bytes: Int)], ofLayer layer: Int, counts: Bool = true) throws(RuntimeError)
        -> Lease
    {
        let needed = blocks.reduce(0) { $0 + $1.bytes }
        var missing: [Block] = []
        var hits: Set<Int> = []
        condition.lock()
        let ticket = nextTicket
        nextTicket += 1
        while served != ticket || !hasRoom(for: blocks) {
            if served == ticket, needed > budget {
                served += 1
                let error = RuntimeError.budgetTooSmall(needed: needed, budget: budget)
                condition.broadcast()
                condition.unlock()
                throw error
            }
            condition.wait()
        }
        served += 1
        if counts { scores.use(blocks.map(\.block.id), ofLayer: layer) }
        // Those that are there are leased first: making room for the others must not evict them.
        for (block, _) in blocks where entries[block.id] != nil {
            entries[block.id]?.leases += 1
            switch entries[block.id]?.content {
            case .ready: hits.insert(block.id)
            case .failed:
                // Another lease still holds the failure; a device may have recovered since.
                entries[block.id]?.content = .loading
                missing.append(block)
            default: break
            }
        }
        for (block, bytes) in blocks where entries[block.id] == nil {
            evict(for: bytes)
            entries[block.id] = Entry(byteCount: bytes, layer: layer, content: .loading, leases: 1)
            residentBytes += bytes
            missing.append(block)
        }
        peakBytes = max(peakBytes, residentBytes)
        if counts {
            self.hits += UInt64(blocks.count - missing.count)
            misses += UInt64(missing.count)
        }
        condition.broadcast()
        unlockAndFree()

        // A single block is shared by all threads; several are loaded side by side.
        let workers = MoESystem.Workers(missing.count >= jobs ? 1 : (jobs + missing.count - 1) / max(1, missing.count))
        for block in missing {
            threads.submit { [self] in
                finish(block, Result { () throws(FormatError) in try loader.load(block, workers: workers) })
            }
        }
        return Lease(self, blocks: blocks.map(\.block.id), hits: hits)
    }

    /// Begins to load blocks that are not in memory, as far as they fit beside what is leased or wanted more; never waits.
    ///
    /// Does nothing while a lease waits for room: loading blocks cannot be evicted, and a stream of them would keep it waiting.
    func prefetch(_ blocks: [(block: Block, bytes: Int)], ofLayer layer: Int) {
        var missing: [Block] = []
        locked {
            guard served == nextTicket else { return }
            for (block, bytes) in blocks where entries[block.id] == nil && hasRoom(for: [(block, bytes)]) {
                evict(for: bytes)
                entries[block.id] = Entry(byteCount: bytes, layer: layer, content: .loading, leases: 0)
                residentBytes += bytes
                missing.append(block)
            }
            peakBytes = max(peakBytes, residentBytes)
        }
        for block in missing {
            threads.submit { [self] in
                finish(
                    block, Result { () throws(FormatError) in try loader.load(block, workers: MoESystem.Workers(1)) })
            }
        }
    }

    /// Whether the blocks fit beside what others hold leased or are loading.
    private func hasRoom(for blocks: [(block: Block, bytes: Int)]) -> Bool {
        let wanted = Set(blocks.map(\.block.id))
        var held = 0
        for (id, entry) in entries where !wanted.contains(id) && !isEvictable(entry) { held += entry.byteCount }
        return held + blocks.reduce(0) { $0 + $1.bytes } <= budget
    }

    private func isEvictable(_ entry: Entry) -> Bool {
        if case .loading = entry.content { return false }
        return entry.leases == 0
    }

    private func finish(_ block: Block, _ result: Result<ResidentBlock, FormatError>) {
        locked {
            switch result {
            case .success(let resident): entries[block.id]?.content = .ready(resident)
            case .failure(let error):
                entries[block.id]?.content = .failed(error)
                if entries[block.id]?.leases == 0 { remove(block.id) }
            }
            // The budget may have become smaller while the block was loading.
            evict(for: 0)
            condition.broadcast()
        }
    }

    private func wait(for block: Int) throws(FormatError) -> ResidentBlock {
        condition.lock()
        defer { condition.unlock() }
        while true {
            switch entries[block]?.content {
            case .ready(let resident): return resident
            case .failed(let error): throw error
            case .loading: condition.wait()
            case nil: throw .usage("block \(block) is not leased")
            }
        }
    }

    private func end(_ blocks: [Int]) {
        locked {
            for block in blocks {
                entries[block]?.leases -= 1
                // What could not be loaded is tried again by the next who asks.
                if entries[block]?.leases == 0, case .failed = entries[block]?.content { remove(block) }
            }
            evict(for: 0)
            condition.broadcast()
        }
    }

    // MARK: Eviction

    /// Removes the least wanted blocks until `bytes` more fit.
    private func evict(for bytes: Int) {
        guard residentBytes + bytes > budget else { return }
        let candidates = entries.filter { isEvictable($0.value) }
            .map { (id: $0.key, key: scores.key(of: $0.key, layer: $0.value.layer)) }
            .sorted { ($0.key.score, $0.key.lastUse, $0.id) < ($1.key.score, $1.key.lastUse, $1.id) }
        for candidate in candidates where residentBytes + bytes > budget { remove(candidate.id) }
    }

    private func remove(_ block: Int) {
        guard let entry = entries.removeValue(forKey: block) else { return }
        residentBytes -= entry.byteCount
        evicted.append(entry.content)
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        let result = body()
        unlockAndFree()
        return result
    }

    /// Unlocks, then frees what was evicted: that takes the system a while, and other threads need not wait for it. It is gone
    /// when this returns, before anything is loaded in its place.
    private func unlockAndFree() {
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
    }

    var snapshot: Snapshot {
        locked { Snapshot(hits: hits, misses: misses, residentBytes: residentBytes, peakBytes: peakBytes) }
    }
}
