/// The memory that computing an expert needs besides its input and output; grows to what is asked for and is kept.
package struct ExpertScratch: Sendable {
    /// [tokens, inputs]: the caller's gathered tokens.
    var input: [Float] = []
    /// [tokens, inner] or, fused, [tokens, 2 · inner].
    var first: [Float] = []
    var up: [Float] = []
    /// [tokens, inner]: what the down matrix takes from a fused pair.
    var activated: [Float] = []
    /// [tokens, outputs].
    var output: [Float] = []
    var bias: [Float] = []
    var linear = LinearScratch()

    package init() {}
}

extension ExpertScratch {
    /// Tokens to compute at once, so that the scratch stays within a few MiB.
    func tokensPerTile(_ shape: ExpertShape) -> Int {
        let floats = shape.inputs + 4 * shape.inner + shape.outputs
        return min(128, max(4, (8 << 20) / MemoryLayout<Float>.size / max(1, floats)))
    }
}
