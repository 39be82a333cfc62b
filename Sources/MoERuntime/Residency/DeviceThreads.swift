internal import Foundation
internal import MoEFormat
internal import MoESystem

/// Threads for the pieces of one block that come straight from the device: more than there are processors, so that the
/// device always has requests while other threads decode what it gave.
enum DeviceThreads {
    /// Calls `body` for every index below `tasks`, in ascending order of start, on `count` threads, and returns when all
    /// have ended. Starting a thread costs some 30 µs: for pieces that take longer.
    ///
    /// After the first error no further index is begun, and the one with the lowest index is thrown.
    static func forEach(
        _ tasks: Int, count: Int, _ body: @escaping @Sendable (Int) throws(FormatError) -> Void
    ) throws(FormatError) {
        let pieces = NumberedTasks<FormatError>(tasks)
        let others = DispatchGroup()
        for _ in 1..<max(1, min(count, tasks)) {
            others.enter()
            let thread = Thread {
                pieces.work(body)
                others.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        pieces.work(body)
        others.wait()
        try pieces.finish()
    }
}
