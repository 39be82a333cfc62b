/// The matrix product in plain Swift: the truth that the kernels are held to, and the path for the encodings that they
/// do not have.
///
/// The order of every sum is the kernels' own, so both give the same bits:
///
///     rows are outputs   y[o] = Σ x[k] · W[o][k]: sixteen partial sums, of the k with equal k mod 16, each in ascending
///                        order with fused multiply-adds from 0; then lane i + lane i+8, +4, +2, +1.
///     rows are inputs    y[o] = Σ x[k] · W[k][o]: in ascending order with fused multiply-adds from 0.
enum PortableLinear {
    /// Computes all outputs: `x` is [tokens, inputs], `y` becomes [tokens, outputs].
    ///
    /// O(tokens · inputs · outputs); one row of the matrix is expanded at a time.
    static func multiply(_ matrix: WeightMatrix, _ x: [Float], tokens: Int, into y: inout [Float]) {
        precondition(x.count >= tokens * matrix.inputs && y.count >= tokens * matrix.outputs)
        var row = [Float](repeating: 0, count: matrix.columns)
        if matrix.rowsAreInputs {
            for i in 0..<(tokens * matrix.outputs) { y[i] = 0 }
            for k in 0..<matrix.inputs {
                matrix.expand(row: k, columns: 0..<matrix.columns, into: &row)
                for token in 0..<tokens {
                    let value = x[token * matrix.inputs + k]
                    let base = token * matrix.outputs
                    for o in 0..<matrix.outputs { y[base + o] = y[base + o].addingProduct(value, row[o]) }
                }
            }
        } else {
            for o in 0..<matrix.outputs {
                matrix.expand(row: o, columns: 0..<matrix.columns, into: &row)
                for token in 0..<tokens {
                    y[token * matrix.outputs + o] = dot(row, x, from: token * matrix.inputs)
                }
            }
        }
    }

    private static func dot(_ weights: [Float], _ x: [Float], from base: Int) -> Float {
        var lanes = SIMD16<Float>(repeating: 0)
        for k in weights.indices {
            lanes[k % 16] = lanes[k % 16].addingProduct(x[base + k], weights[k])
        }
        let eight = lanes.lowHalf + lanes.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
