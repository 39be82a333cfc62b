internal import Foundation

/// Threads that load blocks while others compute. They end with their owner.
final class LoadThreads: Sendable {
    private let queue = Queue()

    init(count: Int) {
        for _ in 0..<max(1, count) {
            let thread = Thread { [queue] in
                while let work = queue.take() { work() }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    deinit { queue.close() }

    typealias Work = @Sendable () -> Void

    /// Runs `work` on one of the threads, in the order of submission.
    func submit(_ work: @escaping Work) { queue.put(work) }

    /// The same ahead of need: it waits for all that is needed.
    func submit(ahead block: Int, _ work: @escaping Work) { queue.put(work, ahead: block) }

    /// What was submitted ahead for these blocks, and has not begun, is needed from now on: else it would wait for all that
    /// others will need meanwhile.
    func hasten(_ blocks: [Int]) { if !blocks.isEmpty { queue.hasten(blocks) } }

    /// `@unchecked Sendable`: its state is only touched under the condition's lock.
    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var needed = Line<Work>()
        private var ahead = Line<(block: Int, work: Work)>()
        private var isClosed = false

        func put(_ work: @escaping Work, ahead block: Int? = nil) {
            condition.lock()
            if let block { ahead.put((block, work)) } else { needed.put(work) }
            condition.signal()
            condition.unlock()
        }

        func hasten(_ blocks: [Int]) {
            condition.lock()
            // Each thread that waits has been told of its work already.
            for (_, work) in ahead.remove(where: { blocks.contains($0.block) }) { needed.put(work) }
            condition.unlock()
        }

        func take() -> Work? {
            condition.lock()
            defer { condition.unlock() }
            while true {
                if let work = needed.take() ?? ahead.take()?.work { return work }
                if isClosed { return nil }
                condition.wait()
            }
        }

        func close() {
            condition.lock()
            isClosed = true
            condition.broadcast()
            condition.unlock()
        }
    }

    /// First come, first served.
    private struct Line<Element> {
        private var waiting: [Element] = []
        private var next = 0

        mutating func put(_ element: Element) { waiting.append(element) }

        mutating func take() -> Element? {
            guard next < waiting.count else { return nil }
            let element = waiting[next]
            next += 1
            // Under steady load the line may never be empty: what was taken must go all the same.
            if next == waiting.count || next >= 64 {
                waiting.removeFirst(next)
                next = 0
            }
            return element
        }

        /// Takes those out that meet a condition, in their order.
        mutating func remove(where isTaken: (Element) -> Bool) -> [Element] {
            let rest = waiting[next...]
            next = 0
            waiting = rest.filter { !isTaken($0) }
            return rest.filter(isTaken)
        }
    }
}
