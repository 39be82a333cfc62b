internal import MoEFormat

/// The memory that computing an expert needs besides its input and output; grows to what is asked for and is kept.
package struct ExpertScratch: Sendable {
    /// [tokens, inputs]: the caller's gathered tokens.
    var input: [Float] = []
    /// [tokens, inner] or, fused, [tokens, 2 · inner].
    var first: [Float] = []
    var up: [Float] = []
    /// [tokens, inner]: after the activation.
    var activated: [Float] = []
    /// [tokens, outputs].
    var output: [Float] = []
    var linear = LinearScratch()
    var gateBias: [Float] = []
    var upBias: [Float] = []

    package init() {}
}

extension ExpertWeights {
    /// Computes the expert for `tokens` packed rows of `scratch.input` and leaves [tokens, outputs] in `scratch.output`.
    ///
    /// Allocates only when `scratch` has never been this large. O(tokens · inner · (inputs + outputs)).
    func compute(tokens: Int, scratch: inout ExpertScratch, workers: Workers) {
        scratch.output.reserve(floats: tokens * shape.outputs)
        if case .single(let matrix) = first, down == nil {
            Linear.multiply(matrix, scratch.input, tokens: tokens, into: &scratch.output, scratch: &scratch.linear, workers: workers)
        } else {
            activate(tokens: tokens, scratch: &scratch, workers: workers)
            if let down {
                Linear.multiply(down, scratch.activated, tokens: tokens, into: &scratch.output, scratch: &scratch.linear, workers: workers)
            }
        }
        guard let lastBias else { return }
        lastBias.read(into: &scratch.upBias)
        for token in 0..<tokens {
            let row = token * shape.outputs
            for o in 0..<shape.outputs { scratch.output[row + o] += scratch.upBias[o] }
        }
    }

    /// First matrices, biases and activation: fills `scratch.activated`.
    private func activate(tokens: Int, scratch: inout ExpertScratch, workers: Workers) {
        let inner = shape.inner
        scratch.activated.reserve(floats: tokens * inner)
        let activation = Activation(function)
        readFirstBias(&scratch)
        switch first {
        case .single(let up):
            scratch.up.reserve(floats: tokens * inner)
            Linear.multiply(up, scratch.input, tokens: tokens, into: &scratch.up, scratch: &scratch.linear, workers: workers)
            for token in 0..<tokens {
                for i in 0..<inner {
                    let k = token * inner + i
                    scratch.activated[k] = activation(scratch.up[k] + scratch.upBias[i])
                }
            }
        case .gateAndUp(let gate, let up):
            scratch.first.reserve(floats: tokens * inner)
            scratch.up.reserve(floats: tokens * inner)
            Linear.multiply(gate, scratch.input, tokens: tokens, into: &scratch.first, scratch: &scratch.linear, workers: workers)
            Linear.multiply(up, scratch.input, tokens: tokens, into: &scratch.up, scratch: &scratch.linear, workers: workers)
            for token in 0..<tokens {
                for i in 0..<inner {
                    let k = token * inner + i
                    scratch.activated[k] = activation(
                        gate: scratch.first[k] + scratch.gateBias[i], up: scratch.up[k] + scratch.upBias[i])
                }
            }
        case .fused(let matrix, let interleaved):
            scratch.first.reserve(floats: tokens * inner * 2)
            Linear.multiply(matrix, scratch.input, tokens: tokens, into: &scratch.first, scratch: &scratch.linear, workers: workers)
            let (step, upOffset) = interleaved ? (2, 1) : (1, inner)
            for token in 0..<tokens {
                let row = token * inner * 2
                for i in 0..<inner {
                    scratch.activated[token * inner + i] = activation(
                        gate: scratch.first[row + i * step] + scratch.gateBias[i],
                        up: scratch.first[row + i * step + upOffset] + scratch.upBias[i])
                }
            }
        }
    }

    /// Fills the two bias rows; zeros where there is none.
    private func readFirstBias(_ scratch: inout ExpertScratch) {
        let inner = shape.inner
        scratch.gateBias.reserve(floats: inner)
        switch firstBias {
        case .separate(let gate, let up):
            if let gate { gate.read(into: &scratch.gateBias) } else { scratch.gateBias.zero(inner) }
            if let up { up.read(into: &scratch.upBias) } else { scratch.upBias.zero(inner) }
        case .fused(let bias, let interleaved):
            scratch.upBias.reserve(floats: inner)
            bias.read(into: &scratch.first)
            let (step, upOffset) = interleaved ? (2, 1) : (1, inner)
            for i in 0..<inner {
                scratch.gateBias[i] = scratch.first[i * step]
                scratch.upBias[i] = scratch.first[i * step + upOffset]
            }
        }
    }
}

extension ExpertWeights.Bias {
    fileprivate func read(into values: inout [Float]) {
        values.reserve(floats: elements.count)
        elements.expand(type, from: 0, count: elements.count, into: &values)
    }
}

extension [Float] {
    fileprivate mutating func zero(_ count: Int) {
        reserve(floats: count)
        for i in 0..<count { self[i] = 0 }
    }
}
