import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

@Suite struct BlockLoadTests {
    private static func failure(_ piece: Int) -> FormatError { FormatError(.usage, "piece \(piece)") }

    /// What is reported, and how often.
    private final class Reports: Sendable {
        let all = Locked<[String]>([])
        let isThere = DispatchSemaphore(value: 0)

        func add(_ result: Result<ResidentBlock, FormatError>) {
            all.withLock {
                switch result {
                case .success: $0.append("block")
                case .failure(let error): $0.append(error.description)
                }
            }
            isThere.signal()
        }
    }

    private static func load(pieces: Int) -> (BlockLoad, Reports) {
        let reports = Reports()
        let load = BlockLoad(pieces: pieces, completion: { reports.add($0) }) { () throws(FormatError) in
            ResidentBlock(parts: [])
        }
        return (load, reports)
    }

    @Test func aBlockIsReportedWhenItsLastPieceHasCome() {
        let (load, reports) = Self.load(pieces: 1)
        load.piece(0) { () throws(FormatError) in load.expect(2) }
        load.piece(2) { () throws(FormatError) in }
        #expect(reports.all.withLock { $0 }.isEmpty)
        load.piece(1) { () throws(FormatError) in }
        #expect(reports.all.withLock { $0 } == ["block"])
    }

    /// In whatever order its pieces are made.
    @Test(arguments: [1, 5, 7, 11], [0, 4, 10])
    func whichFailureIsReportedDoesNotDependOnTiming(step: Int, first: Int) {
        let failing: Set<Int> = [3, 5, 9]
        let (load, reports) = Self.load(pieces: 12)
        for piece in (0..<12).map({ ($0 * step + first) % 12 }) {
            load.piece(piece) { () throws(FormatError) in if failing.contains(piece) { throw Self.failure(piece) } }
        }
        #expect(reports.all.withLock { $0 }.count == 1)
        #expect(reports.all.withLock { $0 }[0].contains("piece 3"))
    }

    @Test func whichFailureIsReportedDoesNotDependOnThreads() {
        for _ in 0..<300 {
            let (load, reports) = Self.load(pieces: 8)
            DispatchQueue.concurrentPerform(iterations: 8) { piece in
                load.piece(piece) { () throws(FormatError) in throw Self.failure(piece) }
            }
            reports.isThere.wait()
            #expect(reports.all.withLock { $0 }.count == 1)
            #expect(reports.all.withLock { $0 }[0].contains("piece 0"))
        }
    }

    /// Chunks whose bytes could not be read count as come, with the failure of the read.
    @Test func whatCouldNotBeReadFails() {
        let (load, reports) = Self.load(pieces: 6)
        load.fail(2..<4, Self.failure(2))
        var made: [Int] = []
        for piece in [5, 4, 1, 0] { load.piece(piece) { () throws(FormatError) in made.append(piece) } }
        #expect(made == [1, 0])
        #expect(reports.all.withLock { $0 }.count == 1)
        #expect(reports.all.withLock { $0 }[0].contains("piece 2"))
    }
}
