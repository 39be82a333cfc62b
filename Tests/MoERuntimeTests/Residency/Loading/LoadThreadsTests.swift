import Foundation
import MoESystem
import Testing

@testable import MoERuntime

@Suite struct LoadThreadsTests {
    /// A log that several threads write.
    private final class Log: Sendable {
        private let entries = Locked<[String]>([])
        private let missing = DispatchGroup()

        init(expecting count: Int) { for _ in 0..<count { missing.enter() } }

        func add(_ entry: String) {
            entries.withLock { $0.append(entry) }
            missing.leave()
        }

        func wait() -> [String] {
            missing.wait()
            return entries.withLock { $0 }
        }
    }

    /// What comes while the one thread is held up, and the order in which it is then done.
    private static func order(expecting count: Int, of submit: (LoadThreads, Log) -> Void) -> [String] {
        let log = Log(expecting: count)
        let (isHeld, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let threads = LoadThreads(readers: 1, decoders: 0)
        threads.submit([
            {
                isHeld.signal()
                mayGo.wait()
                return .init()
            }
        ])
        isHeld.wait()
        submit(threads, log)
        mayGo.signal()
        return log.wait()
    }

    /// A read that leaves pieces, and further reads.
    private static func read(
        _ name: String, pieces: Int = 0, then reads: [LoadThreads.Read] = [], _ log: Log
    ) -> LoadThreads.Read {
        {
            log.add("read \(name)")
            return .init(reads: reads, work: (0..<pieces).map { piece in { log.add("\(name).\(piece)") } })
        }
    }

    @Test func whatIsNeededGoesFirst() {
        let order = Self.order(expecting: 5) { threads, log in
            for block in 1...3 { threads.submit(ahead: block, [Self.read("ahead \(block)", log)]) }
            threads.submit([Self.read("4", log), Self.read("5", log)])
        }
        #expect(order == ["read 4", "read 5", "read ahead 1", "read ahead 2", "read ahead 3"])
    }

    /// What was only expected waits no longer than what comes after it once it is needed.
    @Test func whatIsNeededAfterAllIsHastened() {
        let order = Self.order(expecting: 5) { threads, log in
            for block in 1...3 { threads.submit(ahead: block, [Self.read("\(block)", log)]) }
            threads.submit([Self.read("4", log)])
            threads.hasten([2, 9])
            threads.submit([Self.read("5", log)])
        }
        #expect(order == ["read 4", "read 2", "read 5", "read 1", "read 3"])
    }

    /// Reads go before decoding, so that the device has something to do; only so many are ahead of it, since each holds memory.
    @Test func readsRunAheadOfDecodingWithinLimits() {
        let order = Self.order(expecting: 6) { threads, log in
            for name in ["a", "b", "c"] { threads.submit([Self.read(name, pieces: 1, log)]) }
        }
        // One thread allows for one read that is not decoded.
        #expect(order == ["read a", "a.0", "read b", "b.0", "read c", "c.0"])
    }

    /// A read that tells of others, as that of a chunk table does, has them done before what was submitted later.
    @Test func readsThatWereToldOfComeFirst() {
        let order = Self.order(expecting: 5) { threads, log in
            let chunks = ["a1", "a2"].map { Self.read($0, log) }
            threads.submit([Self.read("table a", then: chunks, log)])
            threads.submit([Self.read("b", pieces: 1, log)])
        }
        #expect(order == ["read table a", "read a1", "read a2", "read b", "b.0"])
    }

    /// A block that becomes needed while it is being read ahead has its pieces decoded before those of others.
    @Test func whatIsHastenedWhileItIsReadIsDecodedFirst() {
        let log = Log(expecting: 5)
        let (isReading, mayGo) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let threads = LoadThreads(readers: 1, decoders: 0)
        threads.submit(
            ahead: 1,
            [
                {
                    isReading.signal()
                    mayGo.wait()
                    return .init(work: [{ log.add("1.0") }, { log.add("1.1") }])
                }
            ])
        isReading.wait()
        threads.submit(ahead: 2, [Self.read("2", pieces: 1, log)])
        threads.hasten([1])
        threads.submit([Self.read("3", log)])
        mayGo.signal()
        #expect(log.wait() == ["1.0", "1.1", "read 3", "read 2", "2.0"])
    }

    /// What can wait is done when nothing else is to be done, and only the last of it.
    @Test func whatCanWaitComesLast() {
        let order = Self.order(expecting: 4) { threads, log in
            threads.whenIdle { log.add("never") }
            threads.whenIdle { log.add("when idle") }
            threads.submit(ahead: 1, [Self.read("ahead", pieces: 1, log)])
            threads.submit([Self.read("needed", log)])
        }
        #expect(order == ["read needed", "read ahead", "ahead.0", "when idle"])
    }

    /// Not more reads at once than there are readers, whatever the number of threads.
    @Test(arguments: [1, 2, 3]) func onlySoManyRead(readers: Int) {
        let threads = LoadThreads(readers: readers, decoders: 4)
        let state = Locked((reading: 0, most: 0))
        let done = Log(expecting: 50)
        threads.submit(
            (0..<50).map { _ in
                {
                    state.withLock { state in
                        state.reading += 1
                        state.most = max(state.most, state.reading)
                    }
                    Thread.sleep(forTimeInterval: 0.0005)
                    state.withLock { $0.reading -= 1 }
                    return .init(work: [{ done.add("") }])
                }
            })
        #expect(done.wait().count == 50)
        #expect(state.withLock { $0.most } == readers)
    }

    /// All that was submitted is done even where the owner lets go at once.
    @Test func whatWasSubmittedIsDone() {
        for _ in 0..<50 {
            let log = Log(expecting: 12)
            let threads = LoadThreads(readers: 2, decoders: 2)
            threads.submit((0..<4).map { Self.read("\($0)", pieces: 2, log) })
            #expect(log.wait().count == 12)
        }
    }
}
