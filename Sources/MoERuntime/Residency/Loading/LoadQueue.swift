internal import Foundation

/// What load threads have to do, and what comes next: what is needed before what is loaded ahead; of either, reads before
/// decoding, so that the device always has some.
///
/// `@unchecked Sendable`: its state is only touched under the condition's lock, never held while a task runs.
final class LoadQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private let readers: Int
    /// Reads at most of which not everything is decoded: they hold memory for what they have read.
    private let unfinishedLimit: Int
    private var needed = Waiting()
    private var ahead = Waiting()
    private var reading = 0
    private var unfinished = 0
    /// Blocks that are being read ahead, how often, and have not been needed so far.
    private var readingAhead: [Int: Int] = [:]
    private var whenIdle: LoadThreads.Work?
    /// Threads that wait for a task.
    private var idle = 0
    private var isClosed = false

    init(readers: Int, unfinished: Int) {
        self.readers = readers
        unfinishedLimit = unfinished
    }

    func put(_ reads: [LoadThreads.Read], ahead block: Int?) {
        condition.lock()
        for read in reads {
            let entry = Entry(block: block, action: read)
            if block == nil { needed.reads.put(entry) } else { ahead.reads.put(entry) }
        }
        unlock(waking: min(reads.count, readers - reading))
    }

    func put(whenIdle work: @escaping LoadThreads.Work) {
        condition.lock()
        whenIdle = work
        unlock(waking: 1)
    }

    func hasten(_ blocks: [Int]) {
        condition.lock()
        // Each thread that waits has been told of its work already.
        let isHastened = { (block: Int?) in block.map(blocks.contains) ?? false }
        for entry in ahead.reads.remove(where: { isHastened($0.block) }) { needed.reads.put(entry.needed) }
        for piece in ahead.pieces.remove(where: { isHastened($0.block) }) { needed.pieces.put(piece.needed) }
        for block in blocks { readingAhead[block] = nil }
        condition.unlock()
    }

    func close() {
        condition.lock()
        isClosed = true
        whenIdle = nil
        condition.broadcast()
        condition.unlock()
    }

    // MARK: Tasks

    enum Task {
        case read(Entry<LoadThreads.Read>)
        case piece(Entry<Piece>)
        case other(LoadThreads.Work)
    }

    struct Entry<Action> {
        /// The block that it is loaded ahead for; nil for what is needed.
        let block: Int?
        let action: Action

        var needed: Entry { Entry(block: nil, action: action) }
    }

    struct Piece {
        let work: LoadThreads.Work
        /// Shared by the pieces of one read.
        let rest: Rest
    }

    /// How many pieces of a read are to come; only touched under the lock.
    final class Rest {
        var count: Int
        init(_ count: Int) { self.count = count }
    }

    private struct Waiting {
        var reads = Line<Entry<LoadThreads.Read>>()
        var pieces = Line<Entry<Piece>>()
    }

    /// The next task, for which it waits; nil when the queue is closed and nothing is left to do.
    func take() -> Task? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let task = next() { return task }
            if isClosed { return nil }
            idle += 1
            condition.wait()
            idle -= 1
        }
    }

    private func next() -> Task? {
        let mayRead = reading < readers && unfinished < unfinishedLimit
        if mayRead, let read = needed.reads.take() { return begin(read) }
        if let piece = needed.pieces.take() { return .piece(piece) }
        if mayRead, let read = ahead.reads.take() { return begin(read) }
        if let piece = ahead.pieces.take() { return .piece(piece) }
        defer { whenIdle = nil }
        return whenIdle.map { .other($0) }
    }

    private func begin(_ read: Entry<LoadThreads.Read>) -> Task {
        reading += 1
        unfinished += 1
        if let block = read.block { readingAhead[block, default: 0] += 1 }
        return .read(read)
    }

    func run(_ task: Task) {
        switch task {
        case .read(let read): end(read, leaving: read.action())
        case .piece(let piece):
            piece.action.work()
            end(piece.action)
        case .other(let work): work()
        }
    }

    private func end(_ read: Entry<LoadThreads.Read>, leaving remainder: LoadThreads.Remainder) {
        condition.lock()
        reading -= 1
        if remainder.work.isEmpty { unfinished -= 1 }
        let block = read.block.flatMap(stillAhead)
        let rest = Rest(remainder.work.count)
        let reads = remainder.reads.map { Entry(block: block, action: $0) }
        let pieces = remainder.work.map { Entry(block: block, action: Piece(work: $0, rest: rest)) }
        if block == nil {
            needed.reads.putFirst(reads)
            for piece in pieces { needed.pieces.put(piece) }
        } else {
            ahead.reads.putFirst(reads)
            for piece in pieces { ahead.pieces.put(piece) }
        }
        // Another may read now; this thread goes on with one of the tasks itself.
        unlock(waking: reads.count + pieces.count)
    }

    /// The block of a read that has ended, if it has not been needed meanwhile.
    private func stillAhead(_ block: Int) -> Int? {
        guard let count = readingAhead[block] else { return nil }
        readingAhead[block] = count == 1 ? nil : count - 1
        return block
    }

    private func end(_ piece: Piece) {
        condition.lock()
        piece.rest.count -= 1
        if piece.rest.count == 0 { unfinished -= 1 }
        // Where reads had to wait for memory, this thread takes the next of them itself.
        condition.unlock()
    }

    /// Waking takes a while, and nobody need wait for it.
    private func unlock(waking count: Int) {
        let woken = min(count, idle)
        condition.unlock()
        for _ in 0..<max(0, woken) { condition.signal() }
    }
}
