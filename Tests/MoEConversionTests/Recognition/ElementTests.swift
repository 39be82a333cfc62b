import MoEFormat
import Testing

@testable import MoEConversion

/// Quantised weights find their scales; untagged elements are settled or reported, never guessed.
@Suite struct ElementTests {
    private func quantized(_ scale: [Int]?, _ suffix: String = "_scale_inv") -> [SourceTensor] {
        Checkpoints.experts(
            4, ["m.experts.{e}.up_proj.weight": [384, 256], "m.experts.{e}.down_proj.weight": [256, 384]], dtype: .u8)
            + (0..<4).flatMap { expert in
                ["up_proj", "down_proj"].map { name in
                    let shape = scale ?? (name == "up_proj" ? [3, 2] : [2, 3])
                    return SourceTensor(name: "m.experts.\(expert).\(name).weight\(suffix)", dtype: .f32, shape: shape)
                }
            } + Checkpoints.tensors(["m.gate.weight": [4, 256]])
    }

    @Test func blocksOfScalesAreTiedToTheirWeights() throws {
        let tensors = quantized(nil)
        let recognition = try Recognition(of: tensors)
        try PlacementInvariants.check(recognition, of: tensors)
        #expect(recognition.model.quantization == [QuantizationScheme(.f8E4M3, blockRows: 128, blockColumns: 128)])
        for placement in recognition.placements where placement.scheme > 0 {
            #expect(placement.scale.map { tensors[$0].name } == tensors[placement.tensor].name + "_scale_inv")
        }
    }

    @Test(arguments: [[], [1], [1, 1]])
    func oneScaleIsForTheWholeMatrix(_ shape: [Int]) throws {
        let recognition = try Recognition(of: quantized(shape, "_scale"))
        #expect(
            Set(recognition.model.quantization) == [
                QuantizationScheme(.f8E4M3, blockRows: 384, blockColumns: 256),
                QuantizationScheme(.f8E4M3, blockRows: 256, blockColumns: 384),
            ])
        #expect(recognition.placements.allSatisfy { $0.role != .scale || $0.rowLength == 1 })
    }

    @Test func stackedScalesOfOneValueAreCutByExpert() throws {
        let tensors =
            Checkpoints.tensors(
                ["m.experts.gate_up_proj": [4, 24, 8], "m.experts.down_proj": [4, 8, 12]], dtype: .f8E4M3)
            + Checkpoints.tensors([
                "m.experts.gate_up_proj_scale": [4], "m.experts.down_proj_scale": [4], "m.gate.weight": [4, 8],
            ])
        let recognition = try Recognition(of: tensors)
        try PlacementInvariants.check(recognition, of: tensors)
        #expect(recognition.placements[2].role == .scale && recognition.placements[2].rowLength == 1)
    }

    @Test func scalesThatDoNotFitLeaveTheWeightAlone() throws {
        let recognition = try Recognition(of: quantized([5, 7]))
        #expect(recognition.placements.allSatisfy { $0.scheme == 0 })
        #expect(recognition.model.routers[0].kind == .unsupported)
    }

    @Test func opaqueWordsInThePlaceOfAWeightAreBfloat16() throws {
        let tensors = Checkpoints.mixtral.map { SourceTensor(name: $0.name, dtype: .opaque(2), shape: $0.shape) }
        let recognition = try Recognition(of: tensors, config: ["model_type": "mixtral"])
        #expect(recognition.placements.allSatisfy { $0.dtype == ($0.role == .other ? .opaque(2) : .bf16) })
        #expect(recognition.warnings.contains { $0.contains("13 weights") })
    }

    @Test func integersOfTwoBytesAreSuggestedAndNotAssumed() throws {
        let every = Checkpoints.mixtral.map { SourceTensor(name: $0.name, dtype: .u16, shape: $0.shape) }
        let recognition = try Recognition(of: every, config: ["model_type": "mixtral"])
        #expect(recognition.placements.allSatisfy { $0.dtype == .u16 })
        #expect(recognition.suggestions == ["--reinterpret '*=bf16'"])
        let some = try Recognition(
            of: every + Checkpoints.tensors(["table": [3, 3]]), config: ["model_type": "mixtral"])
        #expect(some.suggestions.contains("--reinterpret 'model.layers.*.block_sparse_moe.gate.weight=bf16'"))
    }
}
