import Foundation

/// What a layer gives for some tokens, in double precision and by the formulas alone: a matrix whose rows lie in bands needs
/// one product a band.
struct LayerReference {
    let experts: [[Int]]
    let weights: [[Double]]
    /// [tokens, hidden].
    let output: [Double]

    init(_ model: ScaleModel, layer: Int, input: [Float]) {
        let shape = model.shape
        let router = model.router(layer: layer)
        var experts: [[Int]] = []
        var weights: [[Double]] = []
        var output: [Double] = []
        for token in 0..<input.count / shape.hidden {
            let x = input[token * shape.hidden..<(token + 1) * shape.hidden]
            let logits = (0..<shape.experts).map { router.logit(ofExpert: $0, x) }
            let best = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }.prefix(shape.topK)
            // Softmax over all, divided by the sum of the chosen: the softmax of the chosen.
            let exponentials = best.map { exp(logits[$0] - logits[best[0]]) }
            let chosen = exponentials.map { $0 / exponentials.reduce(0, +) }
            var y = [Double](repeating: 0, count: shape.hidden)
            for (expert, weight) in zip(best, chosen) {
                let up = model.up(layer: layer, expert: expert)
                let down = model.down(layer: layer, expert: expert)
                let sum = x.reduce(0.0) { $0 + Double($1) }
                let inner = up.bands.reduce(0.0) { $0 + Double($1.rows) * Self.gelu(Double($1.value) * sum) }
                var row = 0
                for (rows, value) in down.bands {
                    for index in row..<row + rows { y[index] += weight * Double(value) * inner }
                    row += rows
                }
            }
            experts.append(Array(best))
            weights.append(chosen)
            output += y
        }
        self.experts = experts
        self.weights = weights
        self.output = output
    }

    private static func gelu(_ x: Double) -> Double { x / 2 * (1 + erf(x / 2.0.squareRoot())) }
}
