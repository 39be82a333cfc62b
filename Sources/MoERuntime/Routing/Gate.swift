internal import MoEFormat
internal import MoESystem

/// The linear part of a router: hidden states to logits.
struct Gate: Sendable {
    let description: RouterDescription
    let weight: GateWeight
    let bias: [Float]
    let noiseWeight: GateWeight?
    /// Added to a row's number in the noise's key, so that two gates of a layer draw different noise.
    let noiseRow: Int

    /// Logits of `tokens` rows of `x`, [tokens][rows]: bias, scale, soft-cap and, when asked for, noise applied.
    func logits(_ x: [Float], tokens: Int, firstToken: Int, noise: GateNoise?, workers: Workers) -> [[Double]] {
        let rows = weight.outputs
        var scratch = LinearScratch()
        let operands = x.rounded(to: description.operandDtype, count: tokens * weight.inputs)
        let products = weight.products(operands, tokens: tokens, scratch: &scratch, workers: workers)
        var deviations: [Float] = []
        if noise != nil, let noiseWeight {
            deviations = noiseWeight.products(x, tokens: tokens, scratch: &scratch, workers: workers)
        }
        return (0..<tokens).map { token in
            (0..<rows).map { row in
                var logit = Double(description.logitDtype.rounded(products[token * rows + row]))
                if !bias.isEmpty { logit += Double(bias[row]) }
                logit *= description.logitScale
                if let cap = description.logitSoftcap { logit = cap * Elementary.tanh(logit / cap) }
                if let noise, !deviations.isEmpty {
                    logit +=
                        noise.sample(token: firstToken &+ token, row: noiseRow + row)
                        * Elementary.softplus(Double(deviations[token * rows + row]))
                }
                return logit
            }
        }
    }
}
