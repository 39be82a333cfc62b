internal import MoEFormat
package import MoESystem

extension LayerCompute {
    /// The bytes that a wave's outputs of single experts may take: what bounds a large batch.
    package static let waveBytes = 16 << 20

    /// Cuts a batch into runs of tokens whose experts' outputs fit `bytes`; a run has at least one token.
    package func waves(of routing: Routing, bytes: Int = LayerCompute.waveBytes) -> [Range<Int>] {
        let limit = bytes / MemoryLayout<Float>.size
        let shape = expertShape
        var waves: [Range<Int>] = []
        var first = 0
        var floats = 0
        for token in 0..<routing.tokenCount {
            let needed =
                routing.choices(of: token).count * shape.outputs + shape.inputs
                + (sharedExperts + 1) * description.outputSize
            if token > first, floats + needed > limit {
                waves.append(first..<token)
                first = token
                floats = 0
            }
            floats += needed
        }
        if first < routing.tokenCount { waves.append(first..<routing.tokenCount) }
        return waves
    }

    /// Starts computing a run of tokens.
    ///
    /// - Parameters:
    ///   - hidden: [all tokens, hidden size]; its own length was checked when it was routed.
    ///   - tokens: a run that `waves(of:)` gave.
    ///   - buffers: memory to reuse; it comes back with `finish`.
    package func begin(
        _ hidden: [Float], tokens: Range<Int>, routing: Routing, buffers: inout LayerBuffers,
        workers: Workers = Workers(1)
    ) -> LayerWave {
        LayerWave(self, hidden: hidden, tokens: tokens, routing: routing, buffers: &buffers, workers: workers)
    }
}

/// Memory that waves hand on to each other, so that a steady stream of tokens allocates nothing.
package struct LayerBuffers: Sendable {
    var choices: [Float] = []
    var shared: [Float] = []
    var latent: [Float] = []
    var sums: [Float] = []
    var linear = LinearScratch()

    package init() {}
}
