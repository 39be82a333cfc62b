internal import CMoEKernels
internal import MoEFormat

/// The element-wise middle of an expert over whole rows: through the kernels where they have the function, value by value
/// otherwise.
extension Activation {
    /// Replaces `tokens` rows of `width` values by the function of an expert without a gate.
    func apply(to values: inout [Float], tokens: Int, width: Int) {
        let count = tokens * width
        precondition(values.count >= count)
        if let kernel = plainKernel {
            // The array holds `count` values, and the destination may be the source.
            unsafe values.withUnsafeMutableBufferPointer { values in
                _ = unsafe moe_activate(kernel, values.baseAddress, count, values.baseAddress)
            }
        } else {
            for i in 0..<count { values[i] = self(values[i]) }
        }
    }

    /// Gate and up in arrays of their own, [tokens, width]: leaves the product in `gate`.
    func apply(gate: inout [Float], up: [Float], tokens: Int, width: Int) {
        precondition(gate.count >= tokens * width && up.count >= tokens * width)
        if let kernel = gateKernel {
            // Both arrays hold tokens · width values; the result may be where the gate is.
            unsafe gate.withUnsafeMutableBufferPointer { gate in
                unsafe up.withUnsafeBufferPointer { up in
                    var call = unsafe moe_gate_call(
                        function: kernel, gate: gate.baseAddress, up: up.baseAddress, step: 1, stride: width,
                        tokens: tokens,
                        width: width, result: gate.baseAddress, result_stride: width)
                    _ = unsafe moe_gate(&call)
                }
            }
        } else {
            for i in 0..<(tokens * width) { gate[i] = self(gate: gate[i], up: up[i]) }
        }
    }

    /// Gate and up in one array, [tokens, 2 · width], as halves or interleaved: leaves [tokens, width] in `result`.
    func apply(fused: [Float], interleaved: Bool, tokens: Int, width: Int, into result: inout [Float]) {
        precondition(fused.count >= tokens * width * 2 && result.count >= tokens * width)
        let (step, up) = interleaved ? (2, 1) : (1, width)
        if let kernel = gateKernel {
            // The last value read is at (tokens − 1) · 2 · width + up + (width − 1) · step, inside `fused`.
            unsafe fused.withUnsafeBufferPointer { fused in
                unsafe result.withUnsafeMutableBufferPointer { result in
                    var call = unsafe moe_gate_call(
                        function: kernel, gate: fused.baseAddress, up: fused.baseAddress?.advanced(by: up), step: step,
                        stride: width * 2, tokens: tokens, width: width, result: result.baseAddress,
                        result_stride: width)
                    _ = unsafe moe_gate(&call)
                }
            }
        } else {
            for token in 0..<tokens {
                let row = token * width * 2
                for i in 0..<width {
                    result[token * width + i] = self(gate: fused[row + i * step], up: fused[row + i * step + up])
                }
            }
        }
    }

    /// The kernels' function of one value, if it is all that happens to it.
    private var plainKernel: moe_activation? {
        guard function.upClamp == nil, function.activatedClamp == nil, function.upOffset == 0, !isSoftcapped else {
            return nil
        }
        return switch function.activation {
        case .identity: MOE_ACTIVATION_IDENTITY
        case .silu: function.alpha == 1 ? MOE_ACTIVATION_SILU : nil
        case .gelu: MOE_ACTIVATION_GELU
        case .geluTanh: MOE_ACTIVATION_GELU_TANH
        case .relu: MOE_ACTIVATION_RELU
        case .reluSquared: MOE_ACTIVATION_RELU_SQUARED
        case .sigmoid: MOE_ACTIVATION_SIGMOID
        case .tanh, .quickGelu: nil
        }
    }

    private var isSoftcapped: Bool { function.gateSoftcap != nil || function.upSoftcap != nil }

    /// The kernels' gated product, if its limits can say what the clamps do.
    private var gateKernel: moe_gate_function? {
        let kernel: moe_activation
        var alpha: Float = 1
        switch function.activation {
        case .identity: kernel = MOE_ACTIVATION_IDENTITY
        case .silu: (kernel, alpha) = (MOE_ACTIVATION_SILU, Float(function.alpha))
        case .quickGelu: (kernel, alpha) = (MOE_ACTIVATION_SILU, 1.702)
        case .gelu: kernel = MOE_ACTIVATION_GELU
        case .geluTanh: kernel = MOE_ACTIVATION_GELU_TANH
        case .relu: kernel = MOE_ACTIVATION_RELU
        case .reluSquared: kernel = MOE_ACTIVATION_RELU_SQUARED
        case .sigmoid: kernel = MOE_ACTIVATION_SIGMOID
        case .tanh: return nil
        }
        guard function.gateClamp?.minimum == nil, function.activatedClamp?.minimum == nil, !isSoftcapped,
            function.upClamp?.minimum == function.upClamp?.maximum.map({ -$0 })
        else { return nil }
        func limit(_ clamp: Clamp?) -> Float { clamp?.maximum.map { Float($0) } ?? .infinity }
        return moe_gate_function(
            activation: kernel, alpha: alpha, gate_limit: limit(function.gateClamp), up_limit: limit(function.upClamp),
            activated_limit: limit(function.activatedClamp), up_offset: Float(function.upOffset))
    }
}
