import Synchronization

/// Numbered pieces of work on their way to any number of threads, and the failure that counts among theirs: that of the lowest
/// number, so that what the caller sees does not depend on timing.
package final class NumberedTasks<Failure: Error>: Sendable {
    private let count: Int
    private let next = Atomic(0)
    private let failure = Locked<(index: Int, error: Failure)?>(nil)

    package init(_ count: Int) { self.count = count }

    /// What each of the threads does: begins pieces, in ascending order, until none is left or one has failed.
    package func work(_ body: (Int) throws(Failure) -> Void) {
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            // What was handed out before a later one failed is done all the same: it may be the one that counts.
            if let first = failure.withLock({ $0?.index }), index > first { return }
            do throws(Failure) {
                try body(index)
            } catch {
                failure.withLock { if index < $0?.index ?? .max { $0 = (index, error) } }
            }
        }
    }

    /// Throws the failure that counts; called when all threads have ended.
    package func finish() throws(Failure) {
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }
}
