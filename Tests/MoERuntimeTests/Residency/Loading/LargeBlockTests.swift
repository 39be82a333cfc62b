import Foundation
import MoESystem
import Testing

@testable import MoEFormat
@testable import MoERuntime

/// Experts too large to be read in one go: as a whole in a few pieces, or their chunks in groups, on several threads.
@Suite struct LargeBlockTests {
    private static let hidden = 768

    /// A layer of experts of 9 MiB each for an `inner` of 2048, and the records of their blocks.
    private static func write(
        _ path: String, inner: Int, experts: Int = 2, compresses: Bool
    ) throws -> [BlockRecord] {
        let output = try AtomicOutput(path, replacing: true)
        let writer = try ModelFileWriter(output)
        let encoder = try ChunkEncoder()
        _ = try writer.declareBank(path: "moe", layer: 0, expertCount: experts, sharedCount: 0)

        func add(_ name: String, _ dtype: Dtype, _ shape: [Int], _ role: Role, seed: Int) throws {
            let width = dtype.byteCount ?? 1
            let tensor = try writer.declareTensor(name, dtype: dtype, shape: shape)
            let chunking = try #require(
                Chunking(
                    elements: UInt64(shape[0] * shape[1]), rowLength: UInt64(shape[1]),
                    chunkElements: UInt64(max(1, 131_072 / shape[1]) * shape[1])))
            let plan =
                compresses && width == 2
                ? EncodingPlan(
                    form: try StorageForm(encoding: Encoding.planes.rawValue, rotation: 1, elementBytes: 2),
                    coders: [.stored, .huffman]) : .raw(dtype: dtype)
            try writer.beginPart(
                of: tensor, startElement: 0, chunking: chunking, role: role, orientation: .rowsAreOutputs,
                form: plan.form)
            // Weights of both signs below 1; chunks differ in how far they are turned.
            var weights: [UInt8] = []
            for element in 0..<chunking.range(of: 0).count {
                let bits = (Float((element &* 37 &+ seed) % 255 - 127) / 512).bitPattern
                for byte in 4 - width..<4 { weights.append(UInt8(bits >> (8 * UInt32(byte)) & 0xFF)) }
            }
            for index in 0..<chunking.chunkCount {
                let count = chunking.range(of: index).count * width
                let turn = Int(index) * 10 * width
                let content = Array((weights[turn...] + weights[..<turn]).prefix(count))
                var stored: [UInt8] = []
                try unsafe content.withUnsafeBytes { try unsafe encoder.encode($0, plan: plan, into: &stored) }
                try unsafe stored.withUnsafeBytes { stored in
                    try unsafe content.withUnsafeBytes { content in
                        try unsafe writer.append(stored: stored, hash: XXH3.hash64(stored), content: content)
                    }
                }
            }
        }

        try writer.beginBlock(.router, bank: 0, expert: nil, decodedLength: UInt64(experts * hidden * 4))
        try add("gate", .f32, [experts, hidden], .routerWeight, seed: 1)
        try writer.endBlock()
        for expert in 0..<experts {
            try writer.beginBlock(.expert, bank: 0, expert: expert, decodedLength: UInt64(6 * hidden * inner))
            try add("\(expert).gate", .bf16, [inner, hidden], .gateWeight, seed: 3 + expert)
            try add("\(expert).up", .bf16, [inner, hidden], .upWeight, seed: 5 + expert)
            try add("\(expert).down", .bf16, [hidden, inner], .downWeight, seed: 7 + expert)
            try writer.endBlock()
        }
        var model = ModelDescription(family: "test")
        model.layers = [
            LayerDescription(
                hiddenSize: hidden, expertSize: inner, router: model.index(of: RouterDescription(.topK, topK: 1)),
                function: model.index(of: ExpertFunction(.gated, activation: .silu)))
        ]
        try writer.finish(model: model, config: nil, source: nil)
        try output.commit()
        let file = try ModelFile(opening: path)
        return try (0..<experts).map { try file.block(at: file.banks[0].block(ofExpert: $0)).record }
    }

    @Test(arguments: [48, 640, 1100, 2048], [false, true])
    func everyEngineGivesTheSameBitsAndReadsABlockOnce(inner: Int, compresses: Bool) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "moe-large-\(UUID().uuidString).moe")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let blocks = try Self.write(path, inner: inner, compresses: compresses)
        let input = (0..<2 * Self.hidden).map { Float(($0 &* 29) % 61 - 30) / 64 }
        var expected: [Float]?
        for (engine, jobs) in IOEngine.allCases.flatMap({ engine in [1, 2, 5].map { (engine, $0) } }) {
            let model = try MoEModel(
                opening: path, options: .init(memoryBudget: .mebibytes(64), engine: engine, jobs: jobs))
            let layer = try model.layer(0)
            let result = try layer.forward(input, tokens: 2)
            let used = Set(result.routing.experts.flatMap { $0 })
            #expect(model.statistics.bytesRead == used.reduce(0) { $0 + blocks[$1].length })
            if compresses || engine != .mapped {
                #expect(model.statistics.chunksDecoded == used.reduce(0) { $0 + UInt64(blocks[$1].chunkCount) })
            }
            #expect(result.output == expected ?? result.output, "\(engine), \(jobs) jobs")
            expected = result.output
        }
    }

    /// Many experts that are wanted at once wait for their turn without memory for what they will read.
    @Test(arguments: [IOEngine.direct, .read]) func memoryForReadsIsForThoseUnderWay(engine: IOEngine) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "moe-many-\(UUID().uuidString).moe")
            .path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let experts = 60
        _ = try Self.write(path, inner: 144, experts: experts, compresses: true)
        let model = try MoEModel(
            opening: path, options: .init(memoryBudget: .mebibytes(256), engine: engine, jobs: 2))
        let all = (0..<experts).map(String.init).joined(separator: ",")
        _ = try model.replay(RoutingTrace(Array("{\"layers\": [[\(all)]]}".utf8), banks: [experts]))
        #expect(model.statistics.misses == UInt64(experts))
        // What was made beforehand, and one for each read that is under way or waits to be decoded.
        #expect(model.loader.buffers.count <= 2 * model.cache.threads.readsAhead)
    }
}
