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
}
