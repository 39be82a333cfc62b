import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// A batch goes through a layer once, whatever the budget, and its bits do not depend on it.
@Suite struct SweepTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/written/mixtral.moe").path(
            percentEncoded: false)

    /// Tokens that between them use every expert.
    private static func batch(_ layer: MoELayer, tokens: Int) -> [Float] {
        (0..<tokens * layer.hiddenSize).map { (index: Int) -> Float in
            let mixed: Int = index &* 7919 &+ (index / 31) &* 104_729
            return Float(mixed % 61 - 30) / 20
        }
    }

    @Test(arguments: [1, 2, 3, 5, 8], IOEngine.allCases)
    func eachExpertIsReadOnceABatch(experts: Int, engine: IOEngine) throws {
        let roomy = try MoEModel(opening: Self.path, options: .init(memoryBudget: .mebibytes(64), jobs: 2))
        let budget = try roomy.smallestMemoryBudget() * experts
        let model = try MoEModel(
            opening: Self.path, options: .init(memoryBudget: .bytes(budget), engine: engine, jobs: 2))
        let (layer, reference) = (try model.layer(0), try roomy.layer(0))
        let hidden = Self.batch(layer, tokens: 300)
        let result = try layer.forward(hidden, tokens: 300)
        let used = Set(result.routing.experts.joined())
        #expect(used.count == 8)
        #expect(model.statistics.blocksLoaded == UInt64(used.count))
        #expect(model.statistics.misses == UInt64(used.count))
        #expect(model.statistics.peakBytesResident <= budget)
        let expected = try reference.forward(hidden, tokens: 300).output
        #expect(result.output.map(\.bitPattern) == expected.map(\.bitPattern))

        // The next batch finds what the last one left, and reads the others once.
        _ = try layer.forward(hidden, tokens: 300)
        let statistics = model.statistics
        #expect(statistics.hits == UInt64(min(experts, 8)))
        #expect(statistics.blocksLoaded == UInt64(used.count) + UInt64(max(0, 8 - experts)))
        #expect(statistics.hits + statistics.misses == 16)
    }

    /// Outputs of so many tokens take more than a run of tokens may: with too little memory for the experts all go in one.
    @Test func aBatchOfManyRunsReadsEachExpertOnce() throws {
        let roomy = try MoEModel(opening: Self.path, options: .init(memoryBudget: .mebibytes(64), jobs: 2))
        let model = try MoEModel(
            opening: Self.path, options: .init(memoryBudget: .bytes(try roomy.smallestMemoryBudget()), jobs: 2))
        let tokens = 34_000
        let hidden = Self.batch(try model.layer(0), tokens: tokens)
        let small = try model.layer(0).forward(hidden, tokens: tokens)
        let whole = try roomy.layer(0).forward(hidden, tokens: tokens)
        #expect(small.output == whole.output)
        #expect(model.statistics.blocksLoaded == 8)
        #expect(roomy.statistics.blocksLoaded == 8)
    }

    @Test func bytesReadAreThoseOfTheFile() throws {
        let model = try MoEModel(
            opening: Self.path, options: .init(memoryBudget: .mebibytes(1), engine: .read, jobs: 2))
        let layer = try model.layer(0)
        // The directory's pages are read by looking the blocks up; from then on only blocks are.
        let hidden = Self.batch(layer, tokens: 40)
        _ = try layer.route(hidden, tokens: 40)
        let blocks = try (0..<8).map { try model.file.expertBlock($0, of: layer.bank).block }
        let before = model.file.storage.bytesRead
        _ = try layer.forward(hidden, tokens: 40)
        #expect(model.statistics.bytesRead == blocks.reduce(0) { $0 + $1.record.length })
        #expect(model.file.storage.bytesRead - before == model.statistics.bytesRead)
    }
}
