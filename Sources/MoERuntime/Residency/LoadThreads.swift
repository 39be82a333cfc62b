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

    /// Runs `work` on one of the threads, in the order of submission; what is ahead of need waits for all that is needed.
    func submit(isAhead: Bool = false, _ work: @escaping @Sendable () -> Void) { queue.put(work, isAhead: isAhead) }

    /// `@unchecked Sendable`: its state is only touched under the condition's lock.
    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var needed = Line()
        private var ahead = Line()
        private var isClosed = false

        func put(_ work: @escaping @Sendable () -> Void, isAhead: Bool) {
            condition.lock()
            if isAhead { ahead.put(work) } else { needed.put(work) }
            condition.signal()
            condition.unlock()
        }

        func take() -> (@Sendable () -> Void)? {
            condition.lock()
            defer { condition.unlock() }
            while true {
                if let work = needed.take() ?? ahead.take() { return work }
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
    private struct Line {
        private var waiting: [@Sendable () -> Void] = []
        private var next = 0

        mutating func put(_ work: @escaping @Sendable () -> Void) { waiting.append(work) }

        mutating func take() -> (@Sendable () -> Void)? {
            guard next < waiting.count else { return nil }
            let work = waiting[next]
            next += 1
            // Under steady load the line may never be empty: what was taken must go all the same.
            if next == waiting.count || next >= 64 {
                waiting.removeFirst(next)
                next = 0
            }
            return work
        }
    }
}
