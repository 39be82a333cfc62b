import Foundation
import MoEFormat
import MoERuntime

/// Computing along a recorded routing: every token goes through every layer, with the experts that the trace says.
///
/// The file's routers are identities over the first hidden elements, so that a hidden state decides by itself which experts
/// it is routed to: the whole of `forward` runs, router included.
final class TraceMeasure {
    /// `path`, `trace`, `budget`, `engine`, `policy`, `tokens` at most.
    func run(_ request: JSONValue) throws -> JSONObject {
        let model = try MoEModel(
            opening: request["path"]?.string ?? "",
            options: .init(
                memoryBudget: .bytes(Int(request["budget"]?.integer ?? 0)),
                engine: IOEngine(rawValue: request["engine"]?.string ?? "") ?? .direct,
                policy: CachePolicy(rawValue: request["policy"]?.string ?? "") ?? .ewma2))
        let steps = try Self.steps(request["trace"]?.string ?? "").prefix(Int(request["tokens"]?.integer ?? .max))
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        var isAsRecorded = true
        let time = try Duration.of {
            for step in steps {
                for (layer, experts) in zip(layers, step) {
                    var hidden = (0..<layer.hiddenSize).map { Float($0 % 17) * 0.001 }
                    for expert in experts { hidden[expert] = 1 }
                    let result = try layer.forward(hidden, tokens: 1)
                    isAsRecorded = isAsRecorded && result.routing.experts.first.map(Set.init) == Set(experts)
                }
            }
        }
        let statistics = model.statistics
        return time.json([
            "tokens": .integer(Int64(steps.count)), "engine": .string(model.engine.rawValue),
            "as_recorded": .bool(isAsRecorded), "hits": .integer(Int64(statistics.hits)),
            "misses": .integer(Int64(statistics.misses)), "bytes_read": .integer(Int64(statistics.bytesRead)),
            "waiting": .number(statistics.waitingSeconds), "computing": .number(statistics.computingSeconds),
        ])
    }

    private static func steps(_ path: String) throws -> [[[Int]]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            let value = try JSONParser.parse(Array(line.utf8))
            return (value["layers"]?.array ?? []).map { ($0.array ?? []).compactMap { $0.integer } }
        }
    }
}
