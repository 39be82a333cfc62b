import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// Replayed traces drive the cache of `forward`: what they count is what was read.
@Suite struct ReplayCountTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()
    private static let file = root.appending(path: "fixtures/written/mixtral.moe").path(percentEncoded: false)

    private func model(experts: Int, engine: IOEngine, policy: CachePolicy = .ewma2) throws -> (MoEModel, [UInt64]) {
        let file = try ModelFile(opening: Self.file)
        let lengths = try (0..<file.banks[0].expertCount).map {
            try file.block(at: file.banks[0].block(ofExpert: $0)).record.length
        }
        let budget = Int(file.banks[0].largestExpert) * experts
        return (
            try MoEModel(
                opening: Self.file,
                options: .init(memoryBudget: .bytes(budget), engine: engine, policy: policy, jobs: 2)), lengths
        )
    }

    private func trace(_ steps: [[Int]], of model: MoEModel) throws -> RoutingTrace {
        let lines = steps.map { step in
            "{\"layers\":[\(model.banks.map { $0.id == 0 ? "[\(step.map(String.init).joined(separator: ","))]" : "[]" }.joined(separator: ","))]}"
        }
        return try RoutingTrace(Array(lines.joined(separator: "\n").utf8), banks: model.banks.map(\.expertCount))
    }

    @Test(arguments: IOEngine.allCases)
    func bytesReadAreThoseOfTheMisses(engine: IOEngine) throws {
        let (model, lengths) = try model(experts: 3, engine: engine, policy: .lru)
        // Room for three: 0 1 | 1 2 | 0 | 3 evicts 1 | 0 2 | 1 evicts 3.
        let belady = try model.replay(try trace([[0, 1], [1, 2], [0], [3], [0, 2], [1]], of: model))
        let statistics = model.statistics
        #expect(statistics.misses == 5)
        #expect(statistics.hits == 4)
        #expect(statistics.blocksLoaded == 5)
        #expect(statistics.bytesRead == lengths[0] + 2 * lengths[1] + lengths[2] + lengths[3])
        #expect(belady >= 4)
        #expect(statistics.peakBytesResident <= model.memoryBudget)
    }

    @Test func theSecondStepThatNeedsNothingNewReadsNothing() throws {
        let (model, _) = try model(experts: 2, engine: .read)
        let steps = try trace([[4, 5]], of: model)
        _ = try model.replay(steps)
        let before = model.file.storage.bytesRead
        _ = try model.replay(steps)
        #expect(model.file.storage.bytesRead == before)
        #expect(model.statistics.hits == 2)
    }
}
