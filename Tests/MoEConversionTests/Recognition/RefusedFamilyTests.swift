import MoEFormat
import Testing

@testable import MoEConversion

/// Families outside the described kinds are kept whole, expert by expert, and say why they cannot run.
@Suite struct RefusedFamilyTests {
    @Test(arguments: [("refused/zaya", 4, "state"), ("refused/doge", 16, "products of keys")])
    func isKeptWithItsReason(_ name: String, _ experts: Int, _ reason: String) throws {
        let item = try RecognitionCase.named(name)
        let recognition = try Recognition(of: item.tensors, config: item.config)
        try PlacementInvariants.check(recognition, of: item.tensors)
        #expect(recognition.banks.map(\.layer) == [0, 1])
        #expect(recognition.banks.allSatisfy { $0.expertCount == experts })
        #expect(recognition.model.routers.count == 1)
        #expect(recognition.model.routers[0].kind == .unsupported)
        #expect(recognition.model.routers[0].reason?.contains(reason) == true)
        #expect(recognition.warnings.contains { $0.contains(reason) })
    }

    @Test func anUnknownModelTypeRunsOnlyWhereItsKeysSayHow() throws {
        let plain = try Recognition(
            of: Checkpoints.mixtral, config: ["model_type": "novel_moe", "num_experts_per_tok": 2])
        #expect(plain.model.routers[0].kind == .unsupported && plain.warnings.contains { $0.contains("novel_moe") })
        let explicit = try Recognition(
            of: Checkpoints.mixtral,
            config: [
                "model_type": "novel_moe", "num_experts_per_tok": 2, "scoring_func": "sigmoid", "norm_topk_prob": true,
            ])
        #expect(explicit.model.routers[0].score == .sigmoid && explicit.model.routers[0].normalization?.kind == .sum)
        let overridden = try Recognition(
            of: Checkpoints.mixtral, config: ["model_type": "novel_moe"],
            options: .init(router: ["kind": "top_k", "top_k": 2, "score": "softmax"]))
        #expect(overridden.model.routers[0].topK == 2 && overridden.warnings == [])
    }
}
