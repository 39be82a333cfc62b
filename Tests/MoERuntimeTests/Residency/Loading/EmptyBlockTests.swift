import Foundation
import MoESystem
import Testing

@testable import MoEFormat
@testable import MoERuntime

/// Experts without a tensor: nothing to read and nothing to decode, but blocks like others.
@Suite struct EmptyBlockTests {
    @Test(arguments: IOEngine.allCases) func theyAreLoadedAndLent(engine: IOEngine) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "moe-empty-\(UUID().uuidString).moe")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let output = try AtomicOutput(path, replacing: true)
        let writer = try ModelFileWriter(output)
        _ = try writer.declareBank(path: "moe", layer: 0, expertCount: 2, sharedCount: 0)
        for expert in 0..<2 {
            try writer.beginBlock(.expert, bank: 0, expert: expert, decodedLength: 0)
            try writer.endBlock()
        }
        var description = ModelDescription(family: "test")
        description.layers = [
            LayerDescription(
                hiddenSize: 4, expertSize: 4, router: description.index(of: RouterDescription(.topK, topK: 1)),
                function: description.index(of: ExpertFunction(.gated, activation: .silu)))
        ]
        try writer.finish(model: description, config: nil, source: nil)
        try output.commit()

        let model = try MoEModel(opening: path, options: .init(memoryBudget: .mebibytes(1), engine: engine, jobs: 2))
        let trace = try RoutingTrace(Array("{\"layers\": [[0, 1]]}\n{\"layers\": [[1, 0]]}".utf8), banks: [2])
        _ = try model.replay(trace)
        #expect(model.statistics.misses == 2 && model.statistics.hits == 2)
        #expect(model.statistics.chunksDecoded == 0)
    }
}
