internal import MoEFormat
internal import MoESystem

/// The matrix of a gate: one, or the second gates of a hierarchical router, whose outputs follow each other by group.
///
/// Every part stays as it is stored; they may differ in dtype and orientation.
struct GateWeight: Sendable {
    private let parts: [WeightMatrix]
    let inputs: Int
    let outputs: Int

    /// - Parameter parts: at least one, all of the same number of inputs.
    init(_ parts: [WeightMatrix]) {
        self.parts = parts
        inputs = parts.first?.inputs ?? 0
        outputs = parts.reduce(0) { $0 + $1.outputs }
    }

    var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }

    /// The matrix with every element rounded to a type, in f32; itself for f32.
    ///
    /// - Throws: `FormatError` by R28, never for matrices that were checked.
    func rounded(to precision: RouterDescription.Precision, name: String) throws(FormatError) -> GateWeight {
        var rounded: [WeightMatrix] = []
        for part in parts { rounded.append(try part.rounded(to: precision, name: name)) }
        return GateWeight(rounded)
    }

    /// Products with `tokens` rows of `x`: at least [tokens, outputs], the bits of each those of its row and token alone.
    func products(_ x: [Float], tokens: Int, scratch: inout LinearScratch, workers: Workers) -> [Float] {
        var products: [Float] = []
        if parts.count == 1 {
            Linear.multiply(parts[0], x, tokens: tokens, into: &products, scratch: &scratch, workers: workers)
            return products
        }
        products.reserve(floats: tokens * outputs)
        var own: [Float] = []
        var first = 0
        for part in parts {
            Linear.multiply(part, x, tokens: tokens, into: &own, scratch: &scratch, workers: workers)
            for token in 0..<tokens {
                for row in 0..<part.outputs {
                    products[token * outputs + first + row] = own[token * part.outputs + row]
                }
            }
            first += part.outputs
        }
        return products
    }
}
