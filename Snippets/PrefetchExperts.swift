// Routes first, begins to load the experts, does other work, and then runs the layer.

// snippet.hide
import MoERuntime

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/written/mixtral.moe"
// snippet.show
let model = try MoEModel(opening: path, options: .init(memoryBudget: .mebibytes(64)))
let layer = try model.layer(0)
let hidden = [Float](repeating: 0.25, count: layer.hiddenSize)

let routing = try layer.route(hidden, tokens: 1)
try layer.prefetch(experts: Array(routing.experts.joined()))  // returns at once
// … work that needs no expert …
let result = try layer.forward(hidden, tokens: 1)

print("\(result.output.count) values; \(model.statistics.misses) experts were still to be loaded when the layer ran")
