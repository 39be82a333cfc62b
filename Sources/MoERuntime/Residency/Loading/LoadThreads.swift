internal import Foundation

/// Threads that load blocks while others compute: a few of them read, the others decode what was read before. They end with
/// their owner.
///
/// Reads begin in the order of submission and only so many at a time: the device gives no more to many than to a few, but the
/// first of a few is there, and being decoded, while the next is on its way.
final class LoadThreads: Sendable {
    typealias Work = @Sendable () -> Void
    typealias Read = @Sendable () -> Remainder

    /// What a read leaves to do.
    struct Remainder: Sendable {
        /// Reads that this one told of; they come before all others that wait.
        var reads: [Read] = []
        /// Checking and decoding what was read, in pieces that any threads may do side by side.
        var work: [Work] = []
    }

    private let queue: LoadQueue
    /// Reads at most of which not everything is decoded.
    let readsAhead: Int

    /// - Parameters:
    ///   - readers: reads at once; their threads mostly wait.
    ///   - decoders: threads beside them.
    init(readers: Int, decoders: Int) {
        let count = max(1, readers) + max(0, decoders)
        readsAhead = count
        queue = LoadQueue(readers: max(1, readers), unfinished: count)
        for _ in 0..<count {
            let thread = Thread { [queue] in
                while let task = queue.take() { queue.run(task) }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit { queue.close() }

    /// Does these reads and what they leave to do, in the order of submission.
    func submit(_ reads: [Read]) { queue.put(reads, ahead: nil) }

    /// The same ahead of need: it waits for all that is needed.
    func submit(ahead block: Int, _ reads: [Read]) { queue.put(reads, ahead: block) }

    /// Does this once there is nothing else to do, instead of what was to be done then before.
    func whenIdle(_ work: @escaping Work) { queue.put(whenIdle: work) }

    /// What was submitted ahead for these blocks is needed from now on: else it would wait for all that others will need
    /// meanwhile.
    func hasten(_ blocks: [Int]) { if !blocks.isEmpty { queue.hasten(blocks) } }
}
