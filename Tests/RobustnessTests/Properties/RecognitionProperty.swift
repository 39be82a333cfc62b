import MoEConversion
import MoEFormat

/// Whatever configuration or map stands beside a checkpoint, its tensors are given places that make a valid model, or an
/// error says why not.
package enum RecognitionProperty {
    /// The text is a map where it has the map's key, otherwise a configuration.
    @discardableResult
    package static func check(_ text: [UInt8]) -> Bool {
        var hasPlaces = false
        if let map = try? TensorMap(parsing: text) {
            for tensors in checkpoints {
                hasPlaces = (try? Recognition(of: tensors, options: RecognitionOptions(map: map))) != nil || hasPlaces
            }
        }
        guard let config = try? JSONParser.parse(text, acceptingNonFinite: true) else { return hasPlaces }
        for tensors in checkpoints {
            hasPlaces = (try? Recognition(of: tensors, config: config)) != nil || hasPlaces
            hasPlaces = (try? Recognition(of: tensors, options: RecognitionOptions(router: config))) != nil || hasPlaces
        }
        return hasPlaces
    }

    private static let checkpoints: [[SourceTensor]] = [mixtral, stacked]

    private static let mixtral: [SourceTensor] =
        [SourceTensor(name: "model/layers/0/block_sparse_moe/gate/weight", dtype: .f32, shape: [4, 8])]
        + (0..<4).flatMap { expert in
            [("w1", [16, 8]), ("w2", [8, 16]), ("w3", [16, 8])].map { name, shape in
                SourceTensor(
                    name: "model/layers/0/block_sparse_moe/experts/\(expert)/\(name)/weight", dtype: .f32, shape: shape)
            }
        }

    private static let stacked: [SourceTensor] = [
        SourceTensor(name: "model/layers/1/mlp/gate/weight", dtype: .bf16, shape: [4, 8]),
        SourceTensor(name: "model/layers/1/mlp/gate/e_score_correction_bias", dtype: .f32, shape: [4]),
        SourceTensor(name: "model/layers/1/mlp/experts/gate_up_proj", dtype: .bf16, shape: [4, 8, 32]),
        SourceTensor(name: "model/layers/1/mlp/experts/down_proj", dtype: .bf16, shape: [4, 16, 8]),
        SourceTensor(name: "model/layers/1/mlp/shared_expert/gate_proj/weight", dtype: .bf16, shape: [16, 8]),
        SourceTensor(name: "model/layers/1/mlp/shared_expert/up_proj/weight", dtype: .bf16, shape: [16, 8]),
        SourceTensor(name: "model/layers/1/mlp/shared_expert/down_proj/weight", dtype: .bf16, shape: [8, 16]),
    ]
}
