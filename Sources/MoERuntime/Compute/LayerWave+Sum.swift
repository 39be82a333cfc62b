internal import MoEFormat
package import MoESystem

extension LayerWave {
    /// Sums what the experts gave and writes the wave's rows of `output`, [all tokens, output size].
    ///
    /// Every expert of `experts` and every shared one must have been added.
    package func finish(into output: inout [Float], buffers: inout LayerBuffers, workers: Workers = Workers(1)) {
        var outputs = outputs.withLock { outputs in
            let taken = outputs
            outputs = Outputs(choices: [], shared: [], sums: [], missing: 0)
            return taken
        }
        precondition(outputs.missing == 0, "a layer was finished before all of its experts were added")
        let description = layer.description
        let width = layer.expertShape.outputs
        outputs.sums.reserve(floats: tokens.count * width)
        sumChoices(outputs.choices, into: &outputs.sums, width: width)
        let size = description.outputSize
        if let projection = layer.tensors.postProjection {
            Linear.multiply(
                projection, outputs.sums, tokens: tokens.count, into: &buffers.choices, scratch: &buffers.linear,
                workers: workers)
            let bias = layer.tensors.postProjectionBias
            if !bias.isEmpty { Rows.add(bias: bias, to: &buffers.choices, tokens: tokens.count, width: size) }
            swap(&outputs.sums, &buffers.choices)
        }
        let routedScale = Float(description.routedScale)
        let outputScale = Float(description.outputScale)
        let averages = description.shared?.combination == .average
        let bias = layer.tensors.outputBias
        for row in 0..<tokens.count {
            for o in 0..<size {
                var value = routedScale * outputs.sums[row * size + o]
                if layer.sharedExperts > 0 {
                    var shared = outputs.shared[row * layer.sharedExperts * size + o]
                    for index in 1..<max(1, layer.sharedExperts) {
                        shared += outputs.shared[(row * layer.sharedExperts + index) * size + o]
                    }
                    value += shared
                    if averages { value *= 0.5 }
                }
                if !bias.isEmpty { value += bias[o] }
                output[(tokens.lowerBound + row) * size + o] = outputScale * value
            }
        }
        layer.tensors.outputNorm?.apply(to: &output, from: tokens.lowerBound * size, rows: tokens.count)
        buffers.choices = outputs.choices
        buffers.shared = outputs.shared
        buffers.sums = outputs.sums
        buffers.latent = []
    }

    /// Σ w · expert(x) in rank order, for each token of the wave: [tokens, width].
    private func sumChoices(_ values: [Float], into sums: inout [Float], width: Int) {
        for i in 0..<(tokens.count * width) { sums[i] = 0 }
        for (row, token) in tokens.enumerated() {
            for choice in routing.choices(of: token) {
                let weight = routing.choiceWeights[choice]
                guard weight != 0 else { continue }
                if Int(routing.expertIDs[choice]) >= layer.experts {
                    // An identity expert gives its input back.
                    let (source, base) = input(of: token)
                    Rows.add(source, from: base, times: weight, to: &sums, at: row * width, count: width)
                } else {
                    let factor = layer.router.weightOn == .input ? 1 : weight
                    let base = (choice - choices.lowerBound) * width
                    Rows.add(values, from: base, times: factor, to: &sums, at: row * width, count: width)
                }
            }
        }
    }
}
