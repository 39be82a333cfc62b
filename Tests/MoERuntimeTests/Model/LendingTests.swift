import Foundation
import MoEFormat
import MoERuntime
import Testing

/// Experts lent to the caller's own kernels: the stored bytes, counted and budgeted like those that `forward` uses.
@Suite struct LendingTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/written")

    private static func path(_ name: String) -> String {
        fixtures.appending(path: name).path(percentEncoded: false)
    }

    private static let cases = ["mixtral.moe", "mixtral-raw.moe"].flatMap { name in
        IOEngine.allCases.map { (name, $0) }
    }

    @Test(arguments: cases) func lendsTheStoredElements(_ name: String, _ engine: IOEngine) throws {
        let model = try MoEModel(
            opening: Self.path(name), options: .init(memoryBudget: .mebibytes(4), engine: engine, jobs: 1))
        let layer = try model.layer(1)
        try layer.withExperts([5, 2]) { experts in
            #expect(experts.map(\.expert) == [5, 2])
            for expert in experts {
                let gate = try #require(expert[.gateWeight])
                let tensor = try #require(
                    try model.tensor(named: "model/layers/1/block_sparse_moe/experts/\(expert.expert)/w1/weight")
                        ?? model.tensor(named: "model.layers.1.block_sparse_moe.experts.\(expert.expert).w1.weight"))
                let stored = gate.withBytes { span in unsafe span.withUnsafeBytes { unsafe Array($0) } }
                #expect(stored == tensor.bytes)
                #expect(gate.floats == tensor.floats)
                #expect([gate.rowCount, gate.rowLength] == tensor.tensor.shape)
                #expect(gate.orientation == .rowsAreOutputs && gate.scheme == nil && gate.scales == nil)
                #expect(expert[.expertBias] == nil)
            }
        }
        #expect(model.statistics.misses == 2)
        try layer.withExperts([2]) { _ in }
        #expect(model.statistics.misses == 2 && model.statistics.hits == 1)
    }

    @Test func refusesWhatItCannotLend() throws {
        let model = try MoEModel(opening: Self.path("mixtral.moe"), options: .init(memoryBudget: .kibibytes(17)))
        let layer = try model.layer(0)
        #expect(throws: RuntimeError.self) { try layer.withExperts([8]) { _ in } }
        #expect {
            try layer.withExperts([0, 1]) { _ in }
        } throws: { error in
            if case RuntimeError.budgetTooSmall = error { true } else { false }
        }
        #expect(throws: CancellationError.self) { try layer.withExperts([0]) { _ in throw CancellationError() } }
        #expect(model.statistics.bytesResident <= 17 << 10)
    }

    /// Whoever holds experts may run layers in what room is left, and never waits for what it holds.
    @Test(arguments: [1, 2, 3, 4, 8])
    func borrowersMayRunLayers(experts: Int) throws {
        let roomy = try MoEModel(opening: Self.path("mixtral.moe"), options: .init(memoryBudget: .mebibytes(4)))
        let budget = try roomy.smallestMemoryBudget() * experts
        let model = try MoEModel(
            opening: Self.path("mixtral.moe"), options: .init(memoryBudget: .bytes(budget), jobs: 2))
        let size = try model.layer(0).hiddenSize
        let hidden = (0..<size).map { Float($0 % 7) - 3 }
        let expected = try roomy.layer(1).forward(hidden, tokens: 1).output
        DispatchQueue.concurrentPerform(iterations: 4) { thread in
            for round in 0..<10 {
                do {
                    try model.layer(0).withExperts([(thread + round) % 8]) { experts in
                        #expect(try model.layer(1).forward(hidden, tokens: 1).output == expected)
                        try model.layer(0).withExperts([experts[0].expert]) { #expect($0.count == 1) }
                    }
                } catch RuntimeError.budgetTooSmall(let needed, let budget) {
                    #expect(needed > budget && experts < 5)
                } catch {
                    Issue.record("\(error)")
                }
            }
        }
        // One expert is lent by each of the threads at most, and one at a time is computed with beside them.
        if experts == 1 {
            #expect(throws: RuntimeError.self) {
                try model.layer(0).withExperts([0]) { _ in try model.layer(1).forward(hidden, tokens: 1) }
            }
        }
        #expect(model.statistics.peakBytesResident <= budget)
        // Nothing is held afterwards.
        try model.setMemoryBudget(.bytes(0))
        #expect(model.statistics.bytesResident == 0)
    }
}
