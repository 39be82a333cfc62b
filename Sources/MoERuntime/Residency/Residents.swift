internal import MoEFormat

/// The blocks that are in memory or on their way there, and what they take of the budget. A value; the cache keeps it under
/// its lock.
struct Residents {
    enum Content {
        case loading
        case ready(ResidentBlock)
        case failed(FormatError)
    }

    /// What is kept about a block besides its content: plain values, since all are looked at whenever one is evicted.
    struct Entry {
        let bytes: Int
        let layer: Int
        var leases: Int
        fileprivate(set) var isLoading = true
        /// Loaded ahead for the next run of its layer, which has not come yet.
        var isExpected = false
        /// Set where looking ahead expected it, and not the user.
        var guess: LookAhead.Guess?

        /// Neither leased nor being written.
        var isEvictable: Bool { leases == 0 && !isLoading }
    }

    private var entries: [Int: Entry] = [:]
    private var contents: [Int: Content] = [:]
    private(set) var bytes = 0
    private(set) var peakBytes = 0
    /// Bytes of the blocks that were loaded ahead of runs that have not come yet.
    private(set) var expectedBytes = 0
    /// Bytes of the blocks that cannot be evicted now.
    private(set) var heldBytes = 0

    subscript(block: Int) -> Entry? { entries[block] }

    /// nil for a block that is not there.
    func content(of block: Int) -> Content? { contents[block] }

    /// Takes a block in that is going to be loaded.
    mutating func add(
        _ block: ExpertBlock, layer: Int, leases: Int, isExpected: Bool = false, guess: LookAhead.Guess? = nil
    ) {
        let entry = Entry(bytes: block.bytes, layer: layer, leases: leases, isExpected: isExpected, guess: guess)
        entries[block.id] = entry
        contents[block.id] = .loading
        count(entry, 1)
        peakBytes = max(peakBytes, bytes)
    }

    /// Changes what is kept about a block; nothing when it is not there.
    mutating func update(_ block: Int, _ change: (inout Entry) -> Void) {
        guard var entry = entries[block] else { return }
        count(entry, -1)
        change(&entry)
        count(entry, 1)
        entries[block] = entry
    }

    /// Holds a block for one more lease; nothing when it is not there.
    mutating func lease(_ block: Int) {
        update(block) {
            $0.leases += 1
            $0.isExpected = false
        }
    }

    /// Changes a block's content; nothing when it is not there.
    mutating func set(_ content: Content, of block: Int) {
        guard entries[block] != nil else { return }
        contents[block] = content
        update(block) {
            if case .loading = content { $0.isLoading = true } else { $0.isLoading = false }
        }
    }

    mutating func remove(_ block: Int) -> (entry: Entry, content: Content)? {
        guard let entry = entries.removeValue(forKey: block), let content = contents.removeValue(forKey: block) else {
            return nil
        }
        count(entry, -1)
        return (entry, content)
    }

    private mutating func count(_ entry: Entry, _ sign: Int) {
        bytes += sign * entry.bytes
        if !entry.isEvictable { heldBytes += sign * entry.bytes }
        if entry.isExpected { expectedBytes += sign * entry.bytes }
    }

    /// The layer runs and uses these blocks: what was loaded ahead for it and is not among them is from now on a block like
    /// others; the rest are so when they are leased, before which no thread may take them for unwanted.
    ///
    /// - Returns: what looking ahead had guessed.
    mutating func settle(layer: Int, using used: Set<Int>) -> [(block: Int, bytes: Int, guess: LookAhead.Guess)] {
        guard expectedBytes > 0 else { return [] }
        var guesses: [(block: Int, bytes: Int, guess: LookAhead.Guess)] = []
        for (block, entry) in entries where entry.isExpected && entry.layer == layer {
            update(block) {
                $0.isExpected = used.contains(block)
                $0.guess = nil
            }
            if let guess = entry.guess { guesses.append((block, entry.bytes, guess)) }
        }
        return guesses
    }

    /// Whether these fit `budget` beside what else cannot be evicted.
    func hasRoom(for blocks: [ExpertBlock], within budget: Int) -> Bool {
        var needed = heldBytes
        for block in blocks {
            if let entry = entries[block.id], !entry.isEvictable { continue }
            needed += block.bytes
        }
        return needed <= budget
    }

    /// The blocks to remove, the least wanted first, until no more than `limit` bytes are left or all that remain are held; those
    /// that are expected go last.
    ///
    /// - Complexity: O(blocks) for each that must go; O(blocks · log blocks) for many.
    func surplus(over limit: Int, by scores: ExpertScores) -> [Int] {
        guard bytes > limit else { return [] }
        var candidates: [Candidate] = []
        candidates.reserveCapacity(entries.count)
        for (block, entry) in entries where entry.isEvictable {
            candidates.append(
                Candidate(
                    block: block, bytes: entry.bytes, isExpected: entry.isExpected,
                    worth: scores.worth(of: block, ofLayer: entry.layer)))
        }
        var left = bytes
        var chosen: [Int] = []
        func choose(_ candidate: Candidate) {
            chosen.append(candidate.block)
            left -= candidate.bytes
        }
        if bytes - limit > bytes / 8 {
            for candidate in candidates.sorted() where left > limit { choose(candidate) }
        } else {
            while left > limit, let least = candidates.indices.min(by: { candidates[$0] < candidates[$1] }) {
                candidates.swapAt(least, candidates.count - 1)
                choose(candidates.removeLast())
            }
        }
        return chosen
    }

    private struct Candidate: Comparable {
        let block: Int
        let bytes: Int
        let isExpected: Bool
        let worth: ExpertScores.Worth

        static func < (a: Candidate, b: Candidate) -> Bool {
            if a.isExpected != b.isExpected { return b.isExpected }
            return a.worth == b.worth ? a.block < b.block : a.worth < b.worth
        }
    }
}
