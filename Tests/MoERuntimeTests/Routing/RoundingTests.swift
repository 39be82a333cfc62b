import Testing

@testable import MoEFormat
@testable import MoERuntime

/// Rounding to the types that some routers compute their logits in.
@Suite struct RoundingTests {
    static let bfloats: [(Float, Float)] = [
        (1 + 0x1p-8, 1), (1 + 0x1.8p-8, 1 + 0x1p-7), (1 + 0x3p-8, 1 + 0x1p-6), (-3.140625, -3.140625),
        (.greatestFiniteMagnitude, .infinity), (0, 0),
    ]

    @Test(arguments: bfloats)
    func roundsToBFloat16(value: Float, expected: Float) {
        #expect(RouterDescription.Precision.bf16.rounded(value) == expected)
    }

    static let halves: [(Float, Float)] = [
        (1 + 0x1p-11, 1), (1 + 0x3p-11, 1 + 0x1p-9), (65519, 65504), (65520, .infinity), (-0x1p-25, 0),
        (0x1.8p-24, 0x1p-23),
        (0x1p-14, 0x1p-14),
    ]

    @Test(arguments: halves)
    func roundsToHalf(value: Float, expected: Float) {
        #expect(RouterDescription.Precision.f16.rounded(value) == expected)
    }

    @Test func theChoiceFollowsTheOperandsAsTheyAreRounded() throws {
        // In f32 expert 1 wins by a hair; in bf16 both rows are equal and the lower index wins.
        let rows: [Float] = [1, 1.001]
        let bytes = rows.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        let matrix = StoredMatrix(StoredElements(copying: bytes, dtype: .f32, count: 2), rowLength: 1)
        func chosen(_ precision: RouterDescription.Precision) throws -> [Int] {
            var description = RouterDescription(.topK, topK: 1, score: .softmax)
            description.operandDtype = precision
            let tensors = try RouterTensors(
                [StoredPart(.routerWeight, matrix)], router: description, experts: 2, hidden: 1, name: "a layer")
            let router = try Router(description, tensors: tensors, experts: 2, hiddenSize: 1, name: "a layer")
            return try router.route([1], tokens: 1).experts[0]
        }
        #expect(try chosen(.f32) == [1])
        #expect(try chosen(.bf16) == [0])
    }

    @Test func bothGatesOfAHierarchicalRouterAreRounded() throws {
        // In f32 group 1 and expert 1 of either group win by a hair; in bf16 all rows are equal.
        func chosen(_ precision: RouterDescription.Precision) throws -> [Int] {
            var description = RouterDescription(.hierarchical, topK: 1, score: .softmax)
            description.groupSize = 2
            description.groupTopK = 1
            description.operandDtype = precision
            let gate: [[Float]] = [[1], [1.001]]
            let parts: [StoredPart] = [
                .matrix(.routerWeight, gate), .matrix(.routerWeight, gate), .matrix(.groupRouterWeight, gate),
            ]
            let tensors = try RouterTensors(parts, router: description, experts: 4, hidden: 1, name: "a layer")
            let router = try Router(description, tensors: tensors, experts: 4, hiddenSize: 1, name: "a layer")
            return try router.route([1], tokens: 1).experts[0]
        }
        #expect(try chosen(.f32) == [3])
        #expect(try chosen(.bf16) == [0])
    }
}
