import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

@Suite struct DeviceThreadsTests {
    @Test(arguments: [0, 1, 3, 100], [1, 2, 7])
    func everyPieceIsDoneOnce(tasks: Int, threads: Int) throws {
        let done = Locked([Int](repeating: 0, count: tasks))
        for _ in 0..<20 {
            try DeviceThreads.forEach(tasks, count: threads) { index in done.withLock { $0[index] += 1 } }
        }
        #expect(done.withLock { $0 } == [Int](repeating: 20, count: tasks))
    }

    @Test(arguments: [1, 4])
    func theFirstErrorIsThrown(threads: Int) {
        for _ in 0..<20 {
            let error = #expect(throws: FormatError.self) {
                try DeviceThreads.forEach(100, count: threads) { (index) throws(FormatError) in
                    if index >= 40 { throw FormatError(.usage, "piece \(index)") }
                }
            }
            #expect(error?.description.contains("piece 40") == true)
        }
    }

    /// Of errors that occur at once the one of the lowest piece is thrown: it had been handed out before the others failed.
    @Test func whichErrorIsThrownDoesNotDependOnTiming() {
        for _ in 0..<500 {
            let error = #expect(throws: FormatError.self) {
                try DeviceThreads.forEach(4, count: 4) { (index) throws(FormatError) in
                    throw FormatError(.usage, "piece \(index)")
                }
            }
            #expect(error?.description.contains("piece 0") == true)
        }
    }
}
