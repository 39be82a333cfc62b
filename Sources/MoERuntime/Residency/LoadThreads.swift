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

    /// Runs `work` on one of the threads, in the order of submission.
    func submit(_ work: @escaping @Sendable () -> Void) { queue.put(work) }

    /// `@unchecked Sendable`: its state is only touched under the condition's lock.
    private final class Queue: @unchecked Sendable {
        private let condition = NSCondition()
        private var waiting: [@Sendable () -> Void] = []
        private var next = 0
        private var isClosed = false

        func put(_ work: @escaping @Sendable () -> Void) {
            condition.lock()
            waiting.append(work)
            condition.signal()
            condition.unlock()
        }

        func take() -> (@Sendable () -> Void)? {
            condition.lock()
            defer { condition.unlock() }
            while next == waiting.count {
                if isClosed { return nil }
                condition.wait()
            }
            let work = waiting[next]
            next += 1
            // Under steady load the queue may never be empty: what was taken must go all the same.
            if next == waiting.count || next >= 64 {
                waiting.removeFirst(next)
                next = 0
            }
            return work
        }

        func close() {
            condition.lock()
            isClosed = true
            condition.broadcast()
            condition.unlock()
        }
    }
}
