import Foundation

/// Between workers that finish in any order and the writer that needs theirs: hands out tickets in order, holds workers
/// back when too many bytes are under way, gives results out in the order of the tickets.
///
/// `@unchecked Sendable`: all state is only touched under the condition's lock, which is never held while reading,
/// encoding or writing.
final class OrderedQueue<Job, Item: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let byteLimit: Int
    private var nextJob: () throws(ConversionError) -> (job: Job, bytes: Int)?
    private var issued = 0
    private var taken = 0
    private var bytesUnderWay = 0
    private var waiting: [Int: (item: Item, bytes: Int)] = [:]
    private var isExhausted = false
    private var failure: ConversionError?

    /// - Parameter nextJob: the next job with the bytes it will hold; called under the lock, by one thread at a time.
    init(byteLimit: Int, nextJob: @escaping () throws(ConversionError) -> (job: Job, bytes: Int)?) {
        self.byteLimit = byteLimit
        self.nextJob = nextJob
    }

    /// The next job for a worker; nil when there is none left or the work was given up. Waits while too much is under way.
    func take() -> (ticket: Int, bytes: Int, job: Job)? {
        condition.lock()
        defer { condition.unlock() }
        while bytesUnderWay >= byteLimit, failure == nil { condition.wait() }
        guard failure == nil, !isExhausted else { return nil }
        do throws(ConversionError) {
            guard let (job, bytes) = try nextJob() else {
                isExhausted = true
                condition.broadcast()
                return nil
            }
            defer { issued += 1 }
            bytesUnderWay += bytes
            return (issued, bytes, job)
        } catch {
            fail(with: error)
            return nil
        }
    }

    /// A worker's result.
    func put(_ item: Item, ticket: Int, bytes: Int) {
        condition.lock()
        waiting[ticket] = (item, bytes)
        condition.broadcast()
        condition.unlock()
    }

    /// Gives the work up: workers get no more jobs, the writer gets the error.
    func abandon(_ error: ConversionError) {
        condition.lock()
        fail(with: error)
        condition.unlock()
    }

    private func fail(with error: ConversionError) {
        failure = failure ?? error
        condition.broadcast()
    }

    /// The next result in order, for the writer; nil when all are written.
    func next() throws(ConversionError) -> (item: Item, bytes: Int)? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let failure { throw failure }
            if let result = waiting.removeValue(forKey: taken) {
                taken += 1
                return result
            }
            if isExhausted, taken == issued { return nil }
            condition.wait()
        }
    }

    /// The writer is done with a result's bytes.
    func release(_ bytes: Int) {
        condition.lock()
        bytesUnderWay -= bytes
        condition.broadcast()
        condition.unlock()
    }
}
