import MoEFormat

@testable import MoEConversion

/// Lists of tensors for tests, written as names and shapes.
enum Checkpoints {
    static func tensors(_ shapes: KeyValuePairs<String, [Int]>, dtype: Dtype = .f32) -> [SourceTensor] {
        shapes.map { SourceTensor(name: $0.key, dtype: dtype, shape: $0.value) }
    }

    /// `E` experts of the same tensors below `prefix`, where `{e}` stands for the expert's number.
    static func experts(_ count: Int, _ shapes: KeyValuePairs<String, [Int]>, dtype: Dtype = .f32) -> [SourceTensor] {
        (0..<count).flatMap { expert in
            shapes.map {
                SourceTensor(name: $0.key.replacing("{e}", with: String(expert)), dtype: dtype, shape: $0.value)
            }
        }
    }

    static let hidden = 8, inner = 12, count = 4

    /// A Mixtral layer of four experts.
    static let mixtral: [SourceTensor] =
        experts(
            count,
            [
                "model.layers.3.block_sparse_moe.experts.{e}.w1.weight": [inner, hidden],
                "model.layers.3.block_sparse_moe.experts.{e}.w2.weight": [hidden, inner],
                "model.layers.3.block_sparse_moe.experts.{e}.w3.weight": [inner, hidden],
            ])
        + tensors(["model.layers.3.block_sparse_moe.gate.weight": [count, hidden], "model.norm.weight": [hidden]])

    static func config(_ members: JSONValue) -> JSONValue { members }

    /// Every tensor of DeepSeek-V3 with its scales: 61 layers, 58 of them with 256 experts.
    static let deepSeekV3: [SourceTensor] = {
        var list: [SourceTensor] = []
        func add(_ name: String, _ shape: [Int], _ dtype: Dtype = .f8E4M3) {
            list.append(SourceTensor(name: name, dtype: dtype, shape: shape))
            guard dtype == .f8E4M3 else { return }
            list.append(SourceTensor(name: name + "_scale_inv", dtype: .f32, shape: shape.map { ($0 + 127) / 128 }))
        }
        func mlp(_ path: String, _ width: Int) {
            add("\(path).gate_proj.weight", [width, 7168])
            add("\(path).up_proj.weight", [width, 7168])
            add("\(path).down_proj.weight", [7168, width])
        }
        for layer in 0..<61 {
            let path = "model.layers.\(layer)"
            add("\(path).input_layernorm.weight", [7168], .bf16)
            add("\(path).self_attn.o_proj.weight", [7168, 16384])
            guard layer >= 3 else {
                mlp("\(path).mlp", 18432)
                continue
            }
            for expert in 0..<256 { mlp("\(path).mlp.experts.\(expert)", 2048) }
            mlp("\(path).mlp.shared_experts", 2048)
            add("\(path).mlp.gate.weight", [256, 7168], .bf16)
            add("\(path).mlp.gate.e_score_correction_bias", [256], .f32)
        }
        return list
    }()
}
