import MoERuntime

/// Runs a model's MoE layers token after token under a small budget: `TokenLoop model.moe [tokens] [budget in MiB]`.
///
/// What stands between MoE layers in a real model, attention and norms, is the caller's own; here a residual connection takes its
/// place, so that the states differ from token to token and from layer to layer.
@main
struct TokenLoop {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 2 else {
            print("usage: TokenLoop MODEL [TOKENS] [MEBIBYTES]")
            return
        }
        let tokens = arguments.count > 2 ? Int(arguments[2]) ?? 16 : 16
        let budget = arguments.count > 3 ? Int(arguments[3]) ?? 64 : 64

        let model = try MoEModel(opening: arguments[1], options: .init(memoryBudget: .mebibytes(budget)))
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        print(
            "\(layers.count) MoE layers; experts in memory: \(budget) MiB at most, read by the \(model.engine.rawValue) engine"
        )

        var generator = SystemRandomNumberGenerator()
        for token in 0..<tokens {
            let before = model.statistics
            var hidden: [Float] = []
            for layer in layers {
                if hidden.count != layer.hiddenSize {
                    hidden = (0..<layer.hiddenSize).map { _ in Float.random(in: -1...1, using: &generator) }
                }
                // Only the experts that the token is routed to are read, and only those that are not in memory.
                let result = try await layer.forward(hidden, tokens: 1)
                hidden = zip(hidden, result.output).map(+)
            }
            let step = model.statistics - before
            print("token \(token): \(step.hits) experts were in memory, \(step.misses) read in \(step.bytesRead) bytes")
        }
        let all = model.statistics
        print("at most \(all.peakBytesResident) of \(try model.expertBytes()) bytes of experts were in memory at once")
    }
}
