import CMoEKernels
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@Suite struct ActivationTests {
    static let all = (MOE_ACTIVATION_IDENTITY.rawValue...MOE_ACTIVATION_SIGMOID.rawValue).map {
        moe_activation(rawValue: $0)
    }

    static func reference(_ activation: moe_activation, _ x: Double, alpha: Double = 1) -> Double {
        switch activation {
        case MOE_ACTIVATION_SILU: x / (1 + exp(-alpha * x))
        case MOE_ACTIVATION_GELU: x / 2 * erfc(-x * 0.5.squareRoot())
        case MOE_ACTIVATION_GELU_TANH: x / (1 + exp(-2 * (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case MOE_ACTIVATION_RELU: max(x, 0)
        case MOE_ACTIVATION_RELU_SQUARED: max(x, 0) * max(x, 0)
        case MOE_ACTIVATION_SIGMOID: 1 / (1 + exp(-x))
        default: x
        }
    }

    static func apply(_ activation: moe_activation, _ values: [Float]) -> [Float] {
        var result = [Float](repeating: -12345.5, count: values.count + 1)
        precondition(moe_activate(activation, values, values.count, &result))
        precondition(result.last == -12345.5, "written past the values")
        return result.dropLast()
    }

    @Test(arguments: Level.possible, all)
    func isCloseToItsFormula(level: Level, activation: moe_activation) {
        var values = Array(stride(from: Float(-110), through: 110, by: 0.037))
        values += Array(stride(from: Float(-2), through: 2, by: 0.000_7))
        values += [0, 1e-30, -1e-30, Float(bitPattern: 7137), 88, 89, -88, -89]
        let results = level.use { Self.apply(activation, values) }
        for (x, y) in zip(values, results) {
            let exact = Self.reference(activation, Double(x))
            let error = (Double(y) - exact).magnitude
            #expect(error <= 1.3e-7 * max(1, exact.magnitude, Double(x.magnitude)), "f(\(x)) = \(y)")
        }
    }

    @Test(arguments: Level.possible, [MOE_ACTIVATION_SILU, MOE_ACTIVATION_SIGMOID])
    func theLogisticFunctionsAreWithinThreeUnits(level: Level, activation: moe_activation) {
        let values = stride(from: Float(-80), through: 80, by: 0.011).map { $0 }
        let results = level.use { Self.apply(activation, values) }
        for (x, y) in zip(values, results) {
            let exact = Self.reference(activation, Double(x))
            #expect((Double(y) - exact).magnitude <= 3 * Double(Float(exact).ulp), "f(\(x)) = \(y)")
        }
    }

    @Test(arguments: all)
    func aValueDoesNotNoticeItsPlaceNorTheLevelItsWidth(activation: moe_activation) {
        var random = SeededRandom()
        let values = random.floats(77, in: -20...20) + [.nan, .infinity, -.infinity, 0, -0.0]
        var expected: [Float]?
        for level in Level.possible {
            level.use {
                let whole = Self.apply(activation, values)
                for i in values.indices {
                    #expect(Self.apply(activation, [values[i]]).hasSameBits(as: [whole[i]]), "seed \(random.seed)")
                    #expect(Self.apply(activation, Array(values[i...])).hasSameBits(as: Array(whole[i...])))
                }
                if level.isFused {
                    #expect(whole.hasSameBits(as: expected ?? whole), "seed \(random.seed)")
                    expected = whole
                }
            }
        }
    }

    static let functions = [
        moe_gate_function(
            activation: MOE_ACTIVATION_SILU, alpha: 1, gate_limit: .infinity, up_limit: .infinity,
            activated_limit: .infinity, up_offset: 0),
        // gpt-oss
        moe_gate_function(
            activation: MOE_ACTIVATION_SILU, alpha: 1.702, gate_limit: 7, up_limit: 7, activated_limit: .infinity,
            up_offset: 1),
        // DeepSeek V4
        moe_gate_function(
            activation: MOE_ACTIVATION_SILU, alpha: 1, gate_limit: 10, up_limit: 10, activated_limit: .infinity,
            up_offset: 0),
        // Step 3.7
        moe_gate_function(
            activation: MOE_ACTIVATION_SILU, alpha: 1, gate_limit: .infinity, up_limit: 7, activated_limit: 7,
            up_offset: 0),
        moe_gate_function(
            activation: MOE_ACTIVATION_GELU_TANH, alpha: 1, gate_limit: .infinity, up_limit: .infinity,
            activated_limit: .infinity, up_offset: 0),
    ]

    @Test(arguments: Level.possible, functions.indices)
    func aGatedProductIsItsFormulaHoweverItsHalvesLie(level: Level, number: Int) {
        var random = SeededRandom()
        let function = Self.functions[number]
        for width in [1, 15, 16, 17, 50] {
            let tokens = 3
            let gates = random.floats(tokens * width, in: -15...15)
            let ups = random.floats(tokens * width, in: -15...15)
            var halves: [Float] = []
            for t in 0..<tokens {
                halves += gates[t * width..<(t + 1) * width]
                halves += ups[t * width..<(t + 1) * width]
            }
            let pairs = zip(gates, ups).flatMap { [$0, $1] }
            let swapped = zip(gates, ups).flatMap { [$1, $0] }
            level.use {
                let fromHalves = Self.gate(function, halves, gate: 0, up: width, step: 1, tokens: tokens, width: width)
                let fromPairs = Self.gate(function, pairs, gate: 0, up: 1, step: 2, tokens: tokens, width: width)
                let fromSwapped = Self.gate(function, swapped, gate: 1, up: 0, step: 2, tokens: tokens, width: width)
                #expect(fromPairs.hasSameBits(as: fromHalves) && fromSwapped.hasSameBits(as: fromHalves))
                for i in gates.indices {
                    let exact = Self.reference(function, gate: gates[i], up: ups[i])
                    let error = (Double(fromHalves[i]) - exact).magnitude
                    #expect(error <= 4e-7 * max(1, exact.magnitude), "seed \(random.seed)")
                }
            }
        }
    }

    static func reference(_ function: moe_gate_function, gate: Float, up: Float) -> Double {
        let g = Double(min(gate, function.gate_limit))
        let u = Double(max(min(up, function.up_limit), -function.up_limit))
        let a = reference(function.activation, g, alpha: Double(function.alpha))
        return min(a, Double(function.activated_limit)) * (u + Double(function.up_offset))
    }

    static func gate(
        _ function: moe_gate_function, _ values: [Float], gate: Int, up: Int, step: Int, tokens: Int, width: Int
    ) -> [Float] {
        var result = [Float](repeating: -12345.5, count: tokens * width + 1)
        let done = values.withUnsafeBufferPointer { values in
            result.withUnsafeMutableBufferPointer { result in
                var call = moe_gate_call(
                    function: function, gate: values.baseAddress! + gate, up: values.baseAddress! + up, step: step,
                    stride: 2 * width, tokens: tokens, width: width, result: result.baseAddress, result_stride: width)
                return moe_gate(&call)
            }
        }
        precondition(done && result.last == -12345.5)
        return result.dropLast()
    }

    @Test(arguments: Level.possible)
    func biasesAndWeightedSumsAreRoundedOncePerStep(level: Level) {
        var random = SeededRandom()
        let values = random.floats(3 * 37)
        let bias = random.floats(35)
        let weight = Float.random(in: 0...1, using: &random)
        level.use {
            var biased = values
            moe_add_bias(&biased, 37, 3, bias, 35)
            #expect(biased == values.indices.map { $0 % 37 < 35 ? values[$0] + bias[$0 % 37] : values[$0] })
            var sum = Array(values.reversed())
            moe_add_weighted(&sum, values, weight, values.count)
            #expect(
                sum
                    == zip(values.reversed(), values).map { a, b in
                        let product = weight * b
                        return a + product
                    })
            var scaled = values
            moe_multiply(&scaled, weight, values.count)
            #expect(scaled == values.map { $0 * weight })
        }
    }

    @Test func unknownFunctionsAreRefused() {
        var value: Float = 0
        #expect(!moe_activate(moe_activation(rawValue: 7), [1], 1, &value))
        var call = moe_gate_call()
        call.step = 3
        #expect(!moe_gate(&call))
    }
}
