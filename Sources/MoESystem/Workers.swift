import Dispatch

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
        let work = NumberedTasks<any Error>(tasks)
        DispatchQueue.concurrentPerform(iterations: min(count, tasks)) { _ in work.work(body) }
        try work.finish()
    }
}
