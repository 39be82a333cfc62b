import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// Tensors that do not fit their description are refused by rule R28, each with a message that names them.
@Suite struct ExpertWeightsTests {
    static let shape = ExpertShape(inputs: 32, inner: 64, outputs: 32)

    static func part(
        _ role: Role, _ encoding: WeightEncoding = .f32, outputs: Int, inputs: Int,
        orientation: Orientation = .rowsAreOutputs
    ) -> StoredPart {
        var generator = SeededGenerator(seed: UInt64(role.rawValue))
        return StoredPart(
            role, encoding.matrix(outputs: outputs, inputs: inputs, orientation: orientation, using: &generator))
    }

    static func bias(_ role: Role, _ count: Int) -> StoredPart { .vector(role, [Float](repeating: 0.5, count: count)) }

    static let gated = [
        part(.gateWeight, outputs: 64, inputs: 32), part(.upWeight, outputs: 64, inputs: 32),
        part(.downWeight, outputs: 32, inputs: 64),
    ]

    static func replacing(_ role: Role, _ change: (inout StoredMatrix) -> Void) -> [StoredPart] {
        gated.map { part in
            var part = part
            if part.role == role { change(&part.matrix) }
            return part
        }
    }

    struct Broken: CustomTestStringConvertible {
        var testDescription: String
        var parts: [StoredPart]
        var kind = ExpertFunction.Kind.gated
        /// What the message must name.
        var names: String
    }

    static let broken: [Broken] = [
        Broken(testDescription: "nothing", parts: [], names: "gate_weight"),
        Broken(testDescription: "no up", parts: [gated[0], gated[2]], names: "up_weight"),
        Broken(testDescription: "no down", parts: [gated[0], gated[1]], names: "down_weight"),
        Broken(testDescription: "a gate twice", parts: gated + [gated[0]], names: "gate_weight"),
        Broken(
            testDescription: "a gate that an mlp does not use", parts: gated, kind: .mlp, names: "gate_weight"),
        Broken(
            testDescription: "fused and separate", parts: gated + [part(.gateUpHalvesWeight, outputs: 128, inputs: 32)],
            names: "gate_weight"),
        Broken(
            testDescription: "an mlp's tensors for a linear expert", parts: gated, kind: .linear, names: "expert_weight"
        ),
        Broken(
            testDescription: "transposed", parts: replacing(.upWeight) { $0.orientation = .rowsAreInputs },
            names: "up_weight"),
        Broken(
            testDescription: "no orientation", parts: replacing(.upWeight) { $0.orientation = .none },
            names: "up_weight"),
        Broken(
            testDescription: "rows cut differently", parts: replacing(.downWeight) { $0.rowLength = 32 },
            names: "down_weight"),
        Broken(
            testDescription: "too small", parts: [gated[0], gated[1], part(.downWeight, outputs: 31, inputs: 64)],
            names: "down_weight"),
        Broken(
            testDescription: "too large", parts: [gated[0], gated[1], part(.downWeight, outputs: 33, inputs: 64)],
            names: "down_weight"),
        Broken(
            testDescription: "integers",
            parts: replacing(.gateWeight) {
                $0.elements = StoredElements(
                    copying: [UInt8](repeating: 0, count: 64 * 32 * 4), dtype: .i32, count: 64 * 32)
            }, names: "gate_weight"),
        Broken(
            testDescription: "fewer bytes than elements",
            parts: replacing(.gateWeight) {
                $0.elements = StoredElements(copying: [0, 0, 0, 0], dtype: .f32, count: 64 * 32)
            }, names: "gate_weight"),
        Broken(testDescription: "a bias of another length", parts: gated + [bias(.upBias, 63)], names: "up_bias"),
        Broken(
            testDescription: "a fused bias beside a separate one",
            parts: gated + [bias(.gateUpHalvesBias, 128), bias(.upBias, 64)], names: "up_bias"),
        Broken(
            testDescription: "quantised without a scale",
            parts: replacing(.gateWeight) { $0.scheme = WeightEncoding.e4m3Blocks.scheme }, names: "gate_weight"),
        Broken(
            testDescription: "packed codes in f32",
            parts: replacing(.gateWeight) {
                $0.scheme = WeightEncoding.mxfp4.scheme
                $0.scale = StoredElements([1])
            }, names: "gate_weight"),
        Broken(
            testDescription: "a scale too few",
            parts: {
                var gate = part(.gateWeight, .e4m3Blocks, outputs: 64, inputs: 32)
                gate.matrix.scale = StoredElements([1, 1, 1])
                return [gate, gated[1], gated[2]]
            }(), names: "gate_weight"),
        Broken(
            testDescription: "scales that are integers",
            parts: {
                var gate = part(.gateWeight, .e4m3Blocks, outputs: 64, inputs: 32)
                gate.matrix.scale = StoredElements(copying: [UInt8](repeating: 0, count: 16), dtype: .i32, count: 4)
                return [gate, gated[1], gated[2]]
            }(), names: "gate_weight"),
    ]

    @Test(arguments: broken)
    func refusesWhatDoesNotFit(_ testCase: Broken) throws {
        #expect {
            try ExpertWeights(
                testCase.parts, function: ExpertFunction(testCase.kind), shape: Self.shape, name: "expert 3 of layer 0")
        } throws: { error in
            let error = error as? FormatError
            return error?.kind == .damaged && error?.rule == Rule(rawValue: 28)
                && error?.message.contains(testCase.names) == true
                && error?.message.contains("expert 3 of layer 0") == true
        }
    }

    @Test func takesEveryFormOfTheSameExpert() throws {
        let accepted: [[StoredPart]] = [
            Self.gated, Self.gated.map { StoredPart($0.role.shared, $0.matrix) },
            Self.gated + [
                StoredPart(.other, Self.gated[0].matrix), StoredPart(Role(rawValue: 900), Self.gated[0].matrix),
            ],
            [Self.part(.gateUpHalvesWeight, outputs: 128, inputs: 32), Self.gated[2], Self.bias(.gateBias, 64)],
            [
                Self.part(.gateUpInterleavedWeight, .mxfp4, outputs: 128, inputs: 32),
                Self.part(.downWeight, .mxfp4, outputs: 32, inputs: 64),
            ],
            WeightEncoding.allCases.filter { $0 != .f32 }.prefix(3).enumerated().map { index, encoding in
                let role = [Role.gateWeight, .upWeight, .downWeight][index]
                let (outputs, inputs) = index == 2 ? (32, 64) : (64, 32)
                return Self.part(role, encoding, outputs: outputs, inputs: inputs, orientation: .rowsAreInputs)
            },
        ]
        for parts in accepted {
            _ = try ExpertWeights(parts, function: ExpertFunction(.gated), shape: Self.shape, name: "expert")
        }
    }

    @Test func anUnknownFunctionIsUnsupported() {
        var function = ExpertFunction(.unsupported)
        function.reason = "a spline"
        #expect { try ExpertWeights([], function: function, shape: Self.shape, name: "expert") } throws: { error in
            (error as? FormatError)?.kind == .unsupported
                && (error as? FormatError)?.message.contains("a spline") == true
        }
    }

    /// Fused and separate weights and biases, in every combination, compute the same.
    @Test func fusedAndSeparateAgree() throws {
        var generator = SeededGenerator(seed: 3)
        let inputs = 32
        let inner = 12
        let tokens = 3
        let gate = (0..<inner).map { _ in generator.floats(inputs) }
        let up = (0..<inner).map { _ in generator.floats(inputs) }
        let gateBias = generator.floats(inner)
        let upBias = generator.floats(inner)
        let down = StoredPart.matrix(.downWeight, (0..<inputs).map { _ in generator.floats(inner) })
        func interleaved<Value>(_ a: [Value], _ b: [Value]) -> [Value] { zip(a, b).flatMap { [$0, $1] } }
        let weights: [[StoredPart]] = [
            [.matrix(.gateWeight, gate), .matrix(.upWeight, up)], [.matrix(.gateUpHalvesWeight, gate + up)],
            [.matrix(.gateUpInterleavedWeight, interleaved(gate, up))],
        ]
        let biases: [[StoredPart]] = [
            [.vector(.gateBias, gateBias), .vector(.upBias, upBias)], [.vector(.gateUpHalvesBias, gateBias + upBias)],
            [.vector(.gateUpInterleavedBias, interleaved(gateBias, upBias))],
        ]
        let x = generator.floats(tokens * inputs)
        var results: Set<[UInt32]> = []
        for weight in weights {
            for bias in biases {
                let expert = try ExpertWeights(
                    weight + bias + [down], function: ExpertFunction(.gated, activation: .silu),
                    shape: ExpertShape(inputs: inputs, inner: inner, outputs: inputs), name: "expert")
                var scratch = ExpertScratch()
                scratch.input = x
                expert.compute(tokens: tokens, scratch: &scratch, workers: Workers(1))
                results.insert(scratch.output.prefix(tokens * inputs).map(\.bitPattern))
            }
        }
        #expect(results.count == 1)
    }
}
