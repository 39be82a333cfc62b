import Foundation
import MoEFormat
import Testing

@testable import MoERuntime

/// Loading ahead changes what is read when, and nothing else; it ends itself where it does not pay.
@Suite struct LookAheadTests {
    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/written/mixtral.moe").path(
            percentEncoded: false)

    private func model(experts: Int, lookAhead: Int) throws -> MoEModel {
        let model = try MoEModel(
            opening: Self.path,
            options: .init(memoryBudget: .bytes(0), policy: .lru, jobs: 2, lookAhead: lookAhead))
        try model.setMemoryBudget(.bytes(experts * (try model.smallestMemoryBudget())))
        return model
    }

    private func token(_ number: Int, of layer: MoELayer) -> [Float] {
        (0..<layer.hiddenSize).map { Float(($0 &* 37 &+ number &* 101) % 23 - 11) / 9 }
    }

    @Test(arguments: [2, 4, 8, 16], [1, 2, 8])
    func theBitsAreThoseWithoutIt(experts: Int, limit: Int) throws {
        let (plain, ahead) = (try model(experts: experts, lookAhead: 0), try model(experts: experts, lookAhead: limit))
        for number in 0..<12 {
            for layer in 0..<2 {
                let (a, b) = (try plain.layer(layer), try ahead.layer(layer))
                let hidden = token(number, of: a)
                let (left, right) = (try a.forward(hidden, tokens: 1), try b.forward(hidden, tokens: 1))
                #expect(left.output.map(\.bitPattern) == right.output.map(\.bitPattern))
            }
        }
        #expect(plain.statistics.lookAhead == LookAheadStatistics())
        let statistics = ahead.statistics.lookAhead
        // One guess a token, for the second layer alone; mixtral chooses two experts.
        #expect(statistics.predictions == UInt64(12 * min(limit, 2)))
        #expect(statistics.used + statistics.wasted <= statistics.loads)
        #expect(ahead.statistics.peakBytesResident <= ahead.memoryBudget)
        #expect(ahead.statistics.hits + ahead.statistics.misses == 48)
    }

    /// What is guessed is what is loaded, and what was guessed wrong is counted as wasted.
    @Test func guessesAreCounted() throws {
        let model = try model(experts: 16, lookAhead: 2)
        let lines = [
            "{\"layers\": [[0, 1], [2, 3]], \"predicted\": [[], [3, 4]]}",
            "{\"layers\": [[0, 1], [2, 3]], \"predicted\": [[], [3, 2]]}",
            "{\"layers\": [[0, 1], [5, 6]], \"predicted\": [[], [5, 6, 7]]}",
        ]
        let trace = try RoutingTrace(
            Array(lines.joined(separator: "\n").utf8), banks: model.banks.map(\.expertCount))
        #expect(trace.hasPredictions)
        _ = try model.replay(trace)
        let statistics = model.statistics
        #expect(statistics.lookAhead.predictions == 6)
        // 3 and 4, then nothing new, then 5 and 6; 7 is beyond the limit.
        #expect(statistics.lookAhead.loads == 4)
        #expect(statistics.lookAhead.used == 3)
        #expect(statistics.lookAhead.wasted == 1)
        // Layer 0: 0 1; layer 1: 2. The rest was there, or on its way.
        #expect(statistics.misses == 3)
        #expect(statistics.hits == 9)
        #expect(statistics.lookAhead.endedAfter == nil)
    }

    @Test func nothingIsLoadedAheadBeyondAQuarterOfTheBudget() throws {
        let model = try model(experts: 4, lookAhead: 8)
        try model.layer(1).lookAhead(to: [0, 1, 2, 3])
        #expect(model.statistics.lookAhead.loads == 1)
    }

    @Test func itEndsItselfWhenItDoesNotPay() {
        var ahead = LookAhead()
        let begin = ContinuousClock.now
        let guess = LookAhead.Guess(begin: begin, duration: .milliseconds(10))
        for _ in 0..<31 { ahead.wasWrong(guess, bytes: 100, at: begin) }
        #expect(ahead.isOn)
        ahead.wasWrong(guess, bytes: 100, at: begin)
        #expect(!ahead.isOn)
        #expect(ahead.statistics.endedAfter == 32)
        #expect(ahead.statistics.bytesWasted == 3200)
    }

    @Test func itGoesOnWhereItSavesMoreThanItWastes() {
        var ahead = LookAhead()
        let begin = ContinuousClock.now
        let guess = LookAhead.Guess(begin: begin, duration: .milliseconds(10))
        for _ in 0..<200 {
            ahead.wasWrong(guess, bytes: 100, at: begin)
            // Needed 8 ms after the load began: so much was not waited for.
            ahead.wasRight(guess, at: begin + .milliseconds(8))
            ahead.wasRight(guess, at: begin + .milliseconds(20))
        }
        #expect(ahead.isOn)
        #expect(abs(ahead.statistics.savedSeconds - 200 * 0.018) < 1e-9)
    }
}
