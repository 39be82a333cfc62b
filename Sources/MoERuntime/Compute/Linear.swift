/// A stored matrix times the hidden states of some tokens.
enum Linear {
    /// Computes `y[t][o] = Σ W[o][k] · x[t][k]` for all outputs: `x` is [tokens, inputs], `y` becomes [tokens, outputs].
    ///
    /// The bits of an output depend on its row and its token alone: not on the batch, not on `workers`. Both arrays may
    /// be longer than needed.
    static func multiply(
        _ matrix: WeightMatrix, _ x: [Float], tokens: Int, into y: inout [Float], workers: Workers
    ) {
        PortableLinear.multiply(matrix, x, tokens: tokens, into: &y)
    }
}

extension [Float] {
    /// Makes room for `count` floats; what was there is not kept.
    mutating func reserve(floats count: Int) {
        if self.count < count { self = [Float](repeating: 0, count: count) }
    }
}
