import Foundation
import MoEFormat
import MoERuntime

/// A model of many small experts in a file that goes with it, and what one thread computes on it.
final class StressModel: Sendable {
    let path: String
    let file: ModelFile

    init(_ bytes: [UInt8]) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "moe-stress-\(UUID().uuidString)").path
        try Data(bytes).write(to: URL(filePath: path))
        file = try ModelFile(opening: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func opened(_ engine: IOEngine, budget: Int) throws -> MoEModel {
        try MoEModel(opening: path, options: .init(memoryBudget: .bytes(budget), engine: engine, jobs: 2))
    }

    /// Bytes of the largest expert: the least budget that will do.
    var oneExpert: Int { Int(file.banks.map(\.largestExpert).max() ?? 0) }

    /// Inputs of one to five tokens, different for each thread and round.
    static func input(_ thread: Int, _ round: Int, size: Int) -> (values: [Float], tokens: Int) {
        let tokens = 1 + (thread + round) % 5
        return ((0..<tokens * size).map { Float(($0 &* 31 &+ thread &* 17 &+ round &* 7) % 29 - 14) / 7 }, tokens)
    }

    static func bits(_ layer: MoELayer, _ thread: Int, _ round: Int) throws -> [UInt32] {
        let input = input(thread, round, size: layer.hiddenSize)
        return try layer.forward(input.values, tokens: input.tokens).output.map(\.bitPattern)
    }

    /// What one thread gives with memory for everything; round by round, thread and round say which layer.
    func expected(threads: Int, rounds: Int) throws -> [[[UInt32]]] {
        let model = try opened(.read, budget: .max)
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        return try (0..<threads).map { thread in
            try (0..<rounds).map { round in try Self.bits(layers[(thread + round) % layers.count], thread, round) }
        }
    }
}
