internal import MoEFormat
internal import MoESystem

extension ExpertWeights {
    /// Computes the expert for `tokens` packed rows of `scratch.input` and leaves [tokens, outputs] in `scratch.output`.
    ///
    /// Allocates only when `scratch` has never been this large. O(tokens · inner · (inputs + outputs)).
    func compute(tokens: Int, scratch s: inout ExpertScratch, workers: Workers) {
        let activation = Activation(function)
        let inner = shape.inner
        switch first {
        case .single(let matrix):
            guard let down else {
                Linear.multiply(matrix, s.input, tokens: tokens, into: &s.output, scratch: &s.linear, workers: workers)
                break
            }
            Linear.multiply(matrix, s.input, tokens: tokens, into: &s.first, scratch: &s.linear, workers: workers)
            if case .separate(_, let up?) = firstBias { up.add(to: &s.first, tokens: tokens, buffer: &s.bias) }
            activation.apply(to: &s.first, tokens: tokens, width: inner)
            Linear.multiply(down, s.first, tokens: tokens, into: &s.output, scratch: &s.linear, workers: workers)
        case .gateAndUp(let gate, let up):
            Linear.multiply(gate, s.input, tokens: tokens, into: &s.first, scratch: &s.linear, workers: workers)
            Linear.multiply(up, s.input, tokens: tokens, into: &s.up, scratch: &s.linear, workers: workers)
            addSplitBias(tokens, &s)
            activation.apply(gate: &s.first, up: s.up, tokens: tokens, width: inner)
            if let down {
                Linear.multiply(down, s.first, tokens: tokens, into: &s.output, scratch: &s.linear, workers: workers)
            }
        case .fused(let matrix, let interleaved):
            Linear.multiply(matrix, s.input, tokens: tokens, into: &s.first, scratch: &s.linear, workers: workers)
            addFusedBias(tokens, interleaved: interleaved, &s)
            s.activated.reserve(floats: tokens * inner)
            activation.apply(fused: s.first, interleaved: interleaved, tokens: tokens, width: inner, into: &s.activated)
            if let down {
                Linear.multiply(
                    down, s.activated, tokens: tokens, into: &s.output, scratch: &s.linear, workers: workers)
            }
        }
        lastBias?.add(to: &s.output, tokens: tokens, buffer: &s.bias)
    }

    /// Adds the biases of a separate gate and up.
    private func addSplitBias(_ tokens: Int, _ s: inout ExpertScratch) {
        switch firstBias {
        case .separate(let gate, let up):
            gate?.add(to: &s.first, tokens: tokens, buffer: &s.bias)
            up?.add(to: &s.up, tokens: tokens, buffer: &s.bias)
        case .fused(let bias, let interleaved):
            let (gate, up) = Self.split(bias.values, inner: shape.inner, interleaved: interleaved)
            Rows.add(bias: gate, to: &s.first, tokens: tokens, width: shape.inner)
            Rows.add(bias: up, to: &s.up, tokens: tokens, width: shape.inner)
        }
    }

    /// Adds the biases of a fused gate and up, however they are stored themselves.
    private func addFusedBias(_ tokens: Int, interleaved: Bool, _ s: inout ExpertScratch) {
        let inner = shape.inner
        let gate: [Float]
        let up: [Float]
        switch firstBias {
        case .separate(nil, nil): return
        case .separate(let gateBias, let upBias):
            gate = gateBias?.values ?? [Float](repeating: 0, count: inner)
            up = upBias?.values ?? [Float](repeating: 0, count: inner)
        case .fused(let bias, interleaved):
            bias.add(to: &s.first, tokens: tokens, buffer: &s.bias)
            return
        case .fused(let bias, let biasInterleaved):
            (gate, up) = Self.split(bias.values, inner: inner, interleaved: biasInterleaved)
        }
        let (step, upOffset) = interleaved ? (2, 1) : (1, inner)
        s.bias.reserve(floats: 2 * inner)
        for i in 0..<inner {
            s.bias[i * step] = gate[i]
            s.bias[i * step + upOffset] = up[i]
        }
        Rows.add(bias: s.bias, to: &s.first, tokens: tokens, width: 2 * inner)
    }

    /// Cuts a fused bias into the gate's and the up's.
    private static func split(_ fused: [Float], inner: Int, interleaved: Bool) -> (gate: [Float], up: [Float]) {
        let (step, upOffset) = interleaved ? (2, 1) : (1, inner)
        return ((0..<inner).map { fused[$0 * step] }, (0..<inner).map { fused[$0 * step + upOffset] })
    }
}

extension ExpertWeights.Bias {
    fileprivate var values: [Float] {
        var values = [Float](repeating: 0, count: elements.count)
        elements.expand(type, from: 0, count: elements.count, into: &values)
        return values
    }

    fileprivate func add(to rows: inout [Float], tokens: Int, buffer: inout [Float]) {
        buffer.reserve(floats: elements.count)
        elements.expand(type, from: 0, count: elements.count, into: &buffer)
        Rows.add(bias: buffer, to: &rows, tokens: tokens, width: elements.count)
    }
}
