import CMoEKernels
import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// The matrix product: kernels against plain Swift, batches against single tokens, threads against none.
@Suite struct LinearTests {
    struct Shape: CustomTestStringConvertible {
        var outputs: Int
        var inputs: Int
        var tokens: Int

        var testDescription: String { "\(outputs)x\(inputs), \(tokens) tokens" }
    }

    static let shapes = [
        Shape(outputs: 1, inputs: 1, tokens: 1), Shape(outputs: 33, inputs: 17, tokens: 3),
        Shape(outputs: 64, inputs: 96, tokens: 5), Shape(outputs: 64, inputs: 160, tokens: 6),
        Shape(outputs: 96, inputs: 64, tokens: 1),
    ]

    private func multiply(
        _ matrix: WeightMatrix, _ x: [Float], tokens: Int, workers: Workers = Workers(1)
    ) -> [UInt32] {
        var y = [Float](repeating: .nan, count: tokens * matrix.outputs)
        var scratch = LinearScratch()
        Linear.multiply(matrix, x, tokens: tokens, into: &y, scratch: &scratch, workers: workers)
        return y.map(\.bitPattern)
    }

    @Test(arguments: WeightEncoding.allCases, shapes)
    func kernelsAgreeWithPlainSwift(_ encoding: WeightEncoding, _ shape: Shape) throws {
        for orientation in [Orientation.rowsAreOutputs, .rowsAreInputs] {
            let columns = orientation == .rowsAreOutputs ? shape.inputs : shape.outputs
            if encoding.scheme?.element == .mxfp4, columns % 32 != 0 { continue }
            var generator = SeededGenerator(seed: UInt64(shape.outputs * 1000 + shape.inputs))
            let stored = encoding.matrix(
                outputs: shape.outputs, inputs: shape.inputs, orientation: orientation, using: &generator)
            let matrix = try WeightMatrix(stored, outputs: shape.outputs, inputs: shape.inputs, name: "test")
            let x = generator.floats(shape.tokens * shape.inputs)
            var expected = [Float](repeating: .nan, count: shape.tokens * shape.outputs)
            PortableLinear.multiply(matrix, x, tokens: shape.tokens, into: &expected)
            let whole = multiply(matrix, x, tokens: shape.tokens)
            if unsafe moe_isa_level() != MOE_ISA_BASELINE || String(cString: moe_isa_name()) == "neon" {
                #expect(whole == expected.map(\.bitPattern))
            } else {
                let largest = expected.map(abs).max() ?? 0
                for (a, b) in zip(whole, expected) { #expect(abs(Float(bitPattern: a) - b) <= 2e-6 * largest) }
            }
            let alone = (0..<shape.tokens).flatMap { token in
                multiply(matrix, Array(x[(token * shape.inputs)..<((token + 1) * shape.inputs)]), tokens: 1)
            }
            #expect(whole == alone)
            #expect(whole == multiply(matrix, x, tokens: shape.tokens, workers: Workers(2)))
        }
    }

    /// Large enough that the work is really shared.
    @Test(arguments: [Orientation.rowsAreOutputs, .rowsAreInputs])
    func sharingTheWorkChangesNoBit(_ orientation: Orientation) throws {
        var generator = SeededGenerator(seed: 7)
        let stored = WeightEncoding.bf16.matrix(outputs: 300, inputs: 512, orientation: orientation, using: &generator)
        let matrix = try WeightMatrix(stored, outputs: 300, inputs: 512, name: "test")
        let x = generator.floats(2 * 512)
        let alone = multiply(matrix, x, tokens: 2)
        for workers in 2...5 { #expect(alone == multiply(matrix, x, tokens: 2, workers: Workers(workers))) }
    }

    @Test func everyNarrowCodeHasItsValue() {
        // OCP 8-bit and 4-bit formats, by their definition.
        for code in UInt8(0)...255 {
            let sign: Float = code & 0x80 == 0 ? 1 : -1
            func value(_ exponent: Int, _ fraction: Float, bias: Int) -> Float {
                var power: Float = 1
                for _ in 0..<abs(max(exponent, 1) - bias) { power *= max(exponent, 1) > bias ? 2 : 0.5 }
                return sign * power * (exponent == 0 ? fraction : 1 + fraction)
            }
            let e4m3 = NarrowFloat.e4m3(code)
            if code & 0x7f == 0x7f {
                #expect(e4m3.isNaN)
            } else {
                #expect(e4m3 == value(Int(code >> 3 & 15), Float(code & 7) / 8, bias: 7))
            }
            let e5m2 = NarrowFloat.e5m2(code)
            switch code & 0x7f {
            case 0x7c: #expect(e5m2 == sign * .infinity)
            case 0x7d...0x7f: #expect(e5m2.isNaN)
            default: #expect(e5m2 == value(Int(code >> 2 & 31), Float(code & 3) / 4, bias: 15))
            }
            let e8m0 = NarrowFloat.e8m0(code)
            if code == 255 {
                #expect(e8m0.isNaN)
            } else {
                #expect(e8m0 == Float(sign: .plus, exponent: Int(code) - 127, significand: 1))
            }
            #expect(NarrowFloat.e2m1(code) == [0, 0.5, 1, 1.5, 2, 3, 4, 6][Int(code & 7)] * (code & 8 == 0 ? 1 : -1))
        }
    }
}
