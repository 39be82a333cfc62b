import Dispatch
import Synchronization

/// Runs independent pieces of work on a bounded number of threads.
public struct Workers: Sendable {
    /// Threads that work at once, the caller's included; at least 1.
    public let count: Int

    public init(_ count: Int) { self.count = max(1, count) }

    /// As many workers as the process has processors.
    public static var all: Workers { Workers(ProcessorCount.available) }

    /// Calls `body` for every index below `tasks`, in ascending order of start, and returns when all have ended.
    ///
    /// After the first error no further index is begun, and that error is thrown: of those that occurred, the one with the
    /// lowest index, so that what the caller sees does not depend on timing.
    public func forEach(_ tasks: Int, _ body: @Sendable (Int) throws -> Void) throws {
        guard tasks > 0 else { return }
        if count == 1 || tasks == 1 {
            for index in 0..<tasks { try body(index) }
            return
        }
        let next = Atomic(0)
        let failure = Locked<(index: Int, error: any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: min(count, tasks)) { _ in
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < tasks else { return }
                if let first = failure.withLock({ $0?.index }), index > first { return }
                do {
                    try body(index)
                } catch {
                    failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }
}
