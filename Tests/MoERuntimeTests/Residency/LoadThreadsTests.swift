import Foundation
import MoESystem
import Testing

@testable import MoERuntime

@Suite struct LoadThreadsTests {
    /// Work that comes while the one thread is held up, and the order in which it is then done.
    private static func order(of submit: (LoadThreads, @escaping @Sendable (String) -> Void) -> Void) -> [String] {
        let done = Locked<[String]>([])
        let (isHeld, mayGo, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchGroup())
        let threads = LoadThreads(count: 1)
        threads.submit {
            isHeld.signal()
            mayGo.wait()
        }
        isHeld.wait()
        for _ in 0..<5 { isDone.enter() }
        submit(threads) { name in
            done.withLock { $0.append(name) }
            isDone.leave()
        }
        mayGo.signal()
        isDone.wait()
        return done.withLock { $0 }
    }

    @Test func whatIsNeededGoesFirst() {
        let order = Self.order { threads, log in
            for block in 1...3 { threads.submit(ahead: block) { log("ahead \(block)") } }
            for block in 4...5 { threads.submit { log("needed \(block)") } }
        }
        #expect(order == ["needed 4", "needed 5", "ahead 1", "ahead 2", "ahead 3"])
    }

    /// What was only expected waits no longer than what comes after it once it is needed.
    @Test func whatIsNeededAfterAllIsHastened() {
        let order = Self.order { threads, log in
            for block in 1...3 { threads.submit(ahead: block) { log("ahead \(block)") } }
            threads.submit { log("needed 4") }
            threads.hasten([2, 9])
            threads.submit { log("needed 5") }
        }
        #expect(order == ["needed 4", "ahead 2", "needed 5", "ahead 1", "ahead 3"])
    }
}
