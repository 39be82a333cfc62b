internal import CMoEKernels

/// Adding and copying runs of floats inside larger arrays.
enum Rows {
    /// Adds `bias` to each of `tokens` rows of `width` values.
    static func add(bias: [Float], to values: inout [Float], tokens: Int, width: Int) {
        precondition(bias.count >= width && values.count >= tokens * width)
        // The two arrays are as long as the kernel's contract says.
        unsafe bias.withUnsafeBufferPointer { bias in
            unsafe values.withUnsafeMutableBufferPointer { values in
                unsafe moe_add_bias(values.baseAddress, width, tokens, bias.baseAddress, width)
            }
        }
    }

    /// sum[at + i] += weight · values[from + i] for `count` values, the product rounded before it is added.
    static func add(
        _ values: [Float], from: Int, times weight: Float, to sum: inout [Float], at: Int, count: Int
    ) {
        precondition(from >= 0 && at >= 0 && from + count <= values.count && at + count <= sum.count)
        // Both runs lie in their arrays.
        unsafe values.withUnsafeBufferPointer { values in
            unsafe sum.withUnsafeMutableBufferPointer { sum in
                unsafe moe_add_weighted(
                    sum.baseAddress?.advanced(by: at), values.baseAddress?.advanced(by: from), weight, count)
            }
        }
    }

    /// Copies `count` values, times `factor`.
    static func copy(
        _ values: [Float], from: Int, times factor: Float = 1, to target: inout [Float], at: Int, count: Int
    ) {
        precondition(from >= 0 && at >= 0 && from + count <= values.count && at + count <= target.count)
        // Both runs lie in their arrays.
        unsafe values.withUnsafeBufferPointer { values in
            unsafe target.withUnsafeMutableBufferPointer { target in
                guard let source = values.baseAddress, let target = target.baseAddress else { return }
                unsafe target.advanced(by: at).update(from: source.advanced(by: from), count: count)
                if factor != 1 { unsafe moe_multiply(target.advanced(by: at), factor, count) }
            }
        }
    }
}
