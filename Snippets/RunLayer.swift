// Runs one MoE layer; only the experts that the tokens are routed to come into memory.

// snippet.hide
import MoERuntime

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/written/mixtral.moe"
// snippet.show
let model = try MoEModel(opening: path, options: .init(memoryBudget: .mebibytes(64)))
let layer = try model.layer(0)
let hidden = (0..<3 * layer.hiddenSize).map { Float($0 % 11) / 11 - 0.5 }  // [tokens, hidden size], row-major
let result = try layer.forward(hidden, tokens: 3)

print("experts of each token: \(result.routing.experts)")
print("their weights: \(result.routing.weights)")
print("output: \(result.output.count) values; \(model.statistics.bytesRead) bytes of experts were read")
