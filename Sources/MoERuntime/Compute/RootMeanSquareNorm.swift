internal import MoEFormat

/// A root-mean-square norm over rows, with its learned weight: SPEC.md §9.1.
struct RootMeanSquareNorm: Sendable {
    let epsilon: Double
    /// γ + offset, one value a column.
    private let factors: [Float]
    /// u / √(mean(u²) + ε) of u = x ⊙ γ, in place of (x / √(mean(x²) + ε)) ⊙ γ.
    private let scalesFirst: Bool

    init(_ norm: LayerDescription.Norm, weight: [Float], scalesFirst: Bool = false) {
        epsilon = norm.epsilon
        factors = weight.map { Float(Double($0) + norm.offset) }
        self.scalesFirst = scalesFirst
    }

    var byteCount: Int { factors.count * MemoryLayout<Float>.size }

    /// Norms `rows` rows of `values` from element `start` on; each is as wide as the weight is long.
    ///
    /// Means are taken in double precision and in index order, so a row's bits do not depend on the others.
    func apply(to values: inout [Float], from start: Int = 0, rows: Int) {
        let width = factors.count
        precondition(start >= 0 && start + rows * width <= values.count)
        for row in 0..<rows {
            let base = start + row * width
            if scalesFirst {
                for i in 0..<width { values[base + i] *= factors[i] }
            }
            var sum = 0.0
            for i in 0..<width { sum += Double(values[base + i]) * Double(values[base + i]) }
            let inverse = 1 / (sum / Double(width) + epsilon).squareRoot()
            for i in 0..<width {
                let normed = Float(Double(values[base + i]) * inverse)
                values[base + i] = scalesFirst ? normed : normed * factors[i]
            }
        }
    }
}
