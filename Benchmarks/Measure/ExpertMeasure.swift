import Foundation
import MoEFormat
import MoERuntime

/// One expert brought into memory, and experts in memory at work.
final class ExpertMeasure {
    private var model: MoEModel?

    /// Opens `path` with `engine`, `budget` bytes and `jobs`; what was open is closed.
    func open(_ request: JSONValue) throws -> JSONObject {
        model = nil
        let engine = IOEngine(rawValue: request["engine"]?.string ?? "") ?? .read
        let time = try Duration.of {
            model = try MoEModel(
                opening: request["path"]?.string ?? "",
                options: .init(
                    memoryBudget: .bytes(Int(request["budget"]?.integer ?? 0)), engine: engine,
                    jobs: request["jobs"]?.integer))
        }
        return time.json(["engine": .string(model?.engine.rawValue ?? "")])
    }

    /// Loads `expert` of the first layer, through the cache.
    func load(_ request: JSONValue) throws -> JSONObject {
        guard let model else { return ["error": "no model is open"] }
        let chosen = request["expert"]?.integer ?? 0
        let lists = model.banks.map { $0.id == 0 ? "[\(chosen)]" : "[]" }.joined(separator: ",")
        let trace = try RoutingTrace(Array("{\"layers\":[\(lists)]}".utf8), banks: model.banks.map(\.expertCount))
        let before = model.statistics
        let time = try Duration.of { _ = try model.replay(trace) }
        let spent = model.statistics - before
        return time.json(["misses": .integer(Int64(spent.misses)), "bytes_read": .integer(Int64(spent.bytesRead))])
    }

    /// Runs the first layer on `tokens` random tokens that all choose the same experts; the first run brings them into memory.
    ///
    /// `seconds` is what computing took without routing and waiting, `experts` how many experts it ran.
    func forward(_ request: JSONValue) throws -> JSONObject {
        guard let model, let bank = model.banks.first else { return ["error": "no model is open"] }
        let layer = try model.layer(named: bank.path)
        let tokens = Int(request["tokens"]?.integer ?? 1)
        var state: UInt64 = 88_172_645_463_325_252
        let token = (0..<layer.hiddenSize).map { _ in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return Float(Int64(bitPattern: state) >> 40) * 0x1p-23
        }
        var hidden: [Float] = []
        for _ in 0..<tokens { hidden += token }
        let warm = try layer.forward(hidden, tokens: tokens)
        let before = model.statistics
        let whole = try Duration.of { _ = try layer.forward(hidden, tokens: tokens) }
        let spent = model.statistics - before
        return [
            "seconds": .number(spent.computingSeconds), "whole": .number(whole.wall),
            "experts": .integer(Int64(Set(warm.routing.experts.flatMap { $0 }).count)),
            "misses": .integer(Int64(spent.misses)),
        ]
    }
}

/// How fast one core reads memory.
enum BandwidthMeasure {
    /// Sums `bytes` as 64-bit words.
    static func read(_ request: JSONValue) -> JSONObject {
        let words = Int(request["bytes"]?.integer ?? 1 << 28) / 8
        let memory = [UInt64](repeating: 1, count: words)
        var sum: UInt64 = 0
        let time = Duration.of {
            memory.withUnsafeBufferPointer { words in
                var lanes = SIMD8<UInt64>()
                var more = SIMD8<UInt64>()
                let vectors = unsafe UnsafeRawBufferPointer(words).bindMemory(to: SIMD8<UInt64>.self)
                var index = 0
                while index + 1 < vectors.count {
                    unsafe lanes &+= vectors[index]
                    unsafe more &+= vectors[index + 1]
                    index += 2
                }
                sum = (lanes &+ more).wrappedSum()
            }
        }
        return time.json(["sum": .string(String(sum))])
    }
}
