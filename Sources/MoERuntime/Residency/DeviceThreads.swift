internal import Foundation
internal import MoEFormat
internal import MoESystem
internal import Synchronization

/// Threads for the pieces of one block that come straight from the device: more than there are processors, so that the
/// device always has requests while other threads decode what it gave.
enum DeviceThreads {
    private final class Progress: Sendable {
        let next = Atomic(0)
        let failure = Locked<(index: Int, error: FormatError)?>(nil)
    }

    /// Calls `body` for every index below `tasks`, in ascending order of start, on `count` threads, and returns when all
    /// have ended. Starting a thread costs some 30 µs: for pieces that take longer.
    ///
    /// After the first error no further index is begun, and the one with the lowest index is thrown.
    static func forEach(
        _ tasks: Int, count: Int, _ body: @escaping @Sendable (Int) throws(FormatError) -> Void
    ) throws(FormatError) {
        let progress = Progress()
        @Sendable func work() {
            while true {
                let index = progress.next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < tasks, progress.failure.withLock({ $0 == nil }) else { return }
                do throws(FormatError) {
                    try body(index)
                } catch {
                    progress.failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
                }
            }
        }
        let others = DispatchGroup()
        for _ in 1..<max(1, min(count, tasks)) {
            others.enter()
            let thread = Thread {
                work()
                others.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        work()
        others.wait()
        if let failure = progress.failure.withLock({ $0 }) { throw failure.error }
    }
}
