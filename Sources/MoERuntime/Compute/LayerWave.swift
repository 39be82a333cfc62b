internal import MoEFormat
package import MoESystem

/// A run of tokens on its way through a layer: collects what each expert gives for each token, in any order.
///
/// `add` may be called from several threads at once, each with its own scratch.
package final class LayerWave: Sendable {
    /// The experts that must be added, ascending; dropped choices and identity experts need none.
    package let experts: [Int]
    package let tokens: Range<Int>

    let layer: LayerCompute
    let routing: Routing
    private let hidden: [Float]
    /// The experts' input where it is not `hidden`: [tokens, latent].
    private let latent: [Float]
    /// The choices that each expert serves, as positions in the routing's flat arrays.
    private let assignments: [Int: [Int]]
    /// Positions in the flat arrays of this run.
    let choices: Range<Int>
    /// The token of each choice of this run.
    private let tokenOfChoice: [Int]
    let outputs: Locked<Outputs>

    struct Outputs {
        /// [choices, expert outputs]
        var choices: [Float]
        /// [tokens, shared experts, output size]
        var shared: [Float]
        var sums: [Float]
        /// Experts and shared experts that are still to come.
        var missing: Int
    }

    init(
        _ layer: LayerCompute, hidden: [Float], tokens: Range<Int>, routing: Routing, buffers: inout LayerBuffers,
        workers: Workers
    ) {
        self.layer = layer
        self.hidden = hidden
        self.tokens = tokens
        self.routing = routing
        let first = tokens.isEmpty ? 0 : routing.choices(of: tokens.lowerBound).lowerBound
        let end = tokens.isEmpty ? 0 : routing.choices(of: tokens.upperBound - 1).upperBound
        choices = first..<end
        tokenOfChoice = tokens.flatMap { token in routing.choices(of: token).map { _ in token } }
        var assignments: [Int: [Int]] = [:]
        for choice in choices {
            let expert = Int(routing.expertIDs[choice])
            guard expert < layer.experts, routing.choiceWeights[choice] != 0 else { continue }
            assignments[expert, default: []].append(choice)
        }
        self.assignments = assignments
        experts = assignments.keys.sorted()

        let shape = layer.expertShape
        buffers.choices.reserve(floats: choices.count * shape.outputs)
        buffers.shared.reserve(floats: tokens.count * layer.sharedExperts * layer.description.outputSize)
        if let projection = layer.tensors.preProjection {
            let width = layer.description.hiddenSize
            let rows = Array(hidden[(tokens.lowerBound * width)..<(tokens.upperBound * width)])
            Linear.multiply(
                projection, rows, tokens: tokens.count, into: &buffers.latent, scratch: &buffers.linear,
                workers: workers)
            let bias = layer.tensors.preProjectionBias
            if !bias.isEmpty { Rows.add(bias: bias, to: &buffers.latent, tokens: tokens.count, width: bias.count) }
            layer.tensors.latentNorm?.apply(to: &buffers.latent, rows: tokens.count)
            latent = buffers.latent
        } else {
            latent = []
        }
        outputs = Locked(
            Outputs(
                choices: buffers.choices, shared: buffers.shared, sums: buffers.sums,
                missing: experts.count + layer.sharedExperts))
        // The memory is the wave's now; keeping a second reference would copy it at the first write.
        buffers.choices = []
        buffers.shared = []
        buffers.latent = []
        buffers.sums = []
    }

    /// How many tokens an expert serves in this wave.
    package func tokenCount(of expert: Int) -> Int { assignments[expert]?.count ?? 0 }

    /// Computes an expert for its tokens.
    ///
    /// The weights are used during the call only. O(tokens · size of the expert).
    package func add(
        _ expert: Int, _ weights: ExpertWeights, scratch: inout ExpertScratch, workers: Workers = Workers(1)
    ) {
        guard let served = assignments[expert] else { return }
        let shape = weights.shape
        let tile = scratch.tokensPerTile(shape)
        for start in stride(from: 0, to: served.count, by: tile) {
            let tileChoices = served[start..<min(start + tile, served.count)]
            scratch.input.reserve(floats: tileChoices.count * shape.inputs)
            for (row, choice) in tileChoices.enumerated() {
                let weight = layer.router.weightOn == .input ? routing.choiceWeights[choice] : 1
                gatherInput(
                    of: tokenOfChoice[choice - choices.lowerBound], times: weight, into: &scratch.input, row: row)
            }
            weights.compute(tokens: tileChoices.count, scratch: &scratch, workers: workers)
            layer.tensors.expertNorm?.apply(to: &scratch.output, rows: tileChoices.count)
            outputs.withLock { outputs in
                for (row, choice) in tileChoices.enumerated() {
                    let to = (choice - choices.lowerBound) * shape.outputs
                    let from = row * shape.outputs
                    Rows.copy(scratch.output, from: from, to: &outputs.choices, at: to, count: shape.outputs)
                }
            }
        }
        outputs.withLock { $0.missing -= 1 }
    }

    /// Computes a shared expert for all tokens of the wave, its gate and the layer's scale for shared experts included.
    package func add(
        shared index: Int, _ expert: SharedExpertWeights, scratch: inout ExpertScratch, workers: Workers = Workers(1)
    ) {
        let shape = expert.weights.shape
        let scale = Float(layer.description.shared?.scale ?? 1)
        let tile = scratch.tokensPerTile(shape)
        for start in stride(from: tokens.lowerBound, to: tokens.upperBound, by: tile) {
            let rows = start..<min(start + tile, tokens.upperBound)
            let width = shape.inputs
            scratch.input.reserve(floats: rows.count * width)
            Rows.copy(hidden, from: rows.lowerBound * width, to: &scratch.input, at: 0, count: rows.count * width)
            var factors = [Float](repeating: scale, count: rows.count)
            if let gate = expert.gate {
                var logits: [Float] = []
                Linear.multiply(
                    gate, scratch.input, tokens: rows.count, into: &logits, scratch: &scratch.linear, workers: workers)
                for i in 0..<rows.count {
                    factors[i] *= Float(Elementary.sigmoid(Double(logits[i] + expert.gateBias)))
                }
            } else if layer.description.shared?.gate == .router {
                for (i, token) in rows.enumerated() {
                    factors[i] *= routing.sharedWeights[token * layer.router.sharedInRouter + index]
                }
            }
            expert.weights.compute(tokens: rows.count, scratch: &scratch, workers: workers)
            outputs.withLock { outputs in
                for (i, token) in rows.enumerated() {
                    let to = ((token - tokens.lowerBound) * layer.sharedExperts + index) * shape.outputs
                    Rows.copy(
                        scratch.output, from: i * shape.outputs, times: factors[i], to: &outputs.shared, at: to,
                        count: shape.outputs)
                }
            }
        }
        outputs.withLock { $0.missing -= 1 }
    }

    /// Where the experts' input of a token lies.
    func input(of token: Int) -> (values: [Float], base: Int) {
        let width = layer.expertShape.inputs
        return layer.tensors.preProjection == nil
            ? (hidden, token * width) : (latent, (token - tokens.lowerBound) * width)
    }

    private func gatherInput(of token: Int, times weight: Float, into rows: inout [Float], row: Int) {
        let width = layer.expertShape.inputs
        let (source, base) = input(of: token)
        Rows.copy(source, from: base, times: weight, to: &rows, at: row * width, count: width)
    }
}
