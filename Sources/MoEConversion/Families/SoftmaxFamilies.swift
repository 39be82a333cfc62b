import MoEFormat

extension Family {
    /// Softmax over all experts, then the best of them.
    static let softmax: [Family] = [
        Family("mixtral", "minimax", "minimax_text_01") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 2)
            layer.router.normalization = .init(.sum)
            return layer
        },
        Family("qwen2_moe") { (c) throws(RecognitionError) in try qwen(c, topK: 4, normalizes: false) },
        Family("qwen3_moe") { (c) throws(RecognitionError) in try qwen(c, topK: 8, normalizes: false) },
        Family("olmoe") { (c) throws(RecognitionError) in try qwen(c, topK: 8, normalizes: false) },
        Family("flex_olmo") { (c) throws(RecognitionError) in try qwen(c, topK: 5, normalizes: false) },
        Family("mellum") { (c) throws(RecognitionError) in try qwen(c, topK: 8, normalizes: true) },
        Family("qwen3_next", "qwen4_exp") { (c) throws(RecognitionError) in try qwen(c, topK: 10, normalizes: true) },
        Family("qwen3_omni_moe", "qwen3_omni_moe_thinker") { (c) throws(RecognitionError) in
            try qwen(c, topK: 8, normalizes: true)
        },
        Family("qwen3_omni_moe_talker") { (c) throws(RecognitionError) in try qwen(c, topK: 8, normalizes: false) },
        // Whatever `norm_topk_prob` says, these divide by the sum.
        Family("qwen3_5_moe") { (c) throws(RecognitionError) in try alwaysNormalized(c, topK: 8) },
        Family("qwen3_vl_moe") { (c) throws(RecognitionError) in try alwaysNormalized(c, topK: 4) },
        Family("hunyuan_v1_moe", "hunyuan") { (c) throws(RecognitionError) in try alwaysNormalized(c, topK: 1) },
        Family("jamba") { (c) throws(RecognitionError) in try c.blueprint(.softmax, topK: 2) },
        Family("dbrx") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 1)
            let stated = c.scope.objects.first?["moe_normalize_expert_weights"]
            if stated != .null {
                layer.router.normalization = .init(
                    .sum, p: try c.scope.number("moe_normalize_expert_weights", default: 1))
            }
            return layer
        },
        Family("ernie4_5_moe", "ernie4_5_vl_moe") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 6)
            layer.router.selectionBias = .score
            layer.router.normalization = .init(.sumClamped, epsilon: try c.scope.number("moe_norm_min", default: 1e-12))
            return layer
        },
        Family("longcat_flash") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 12)
            layer.router.selectionBias = .score
            layer.router.scale = try c.routedScale(default: 6)
            layer.router.identityExperts = try c.scope.integer("zero_expert_num", default: 256)
            return layer
        },
        Family("mistral4") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 4)
            layer.router.groups = try c.groups(.sumOfTop2, fill: .zero)
            layer.router.normalization = try c.normalization(default: true, epsilon: 1e-20)
            layer.router.scale = try c.routedScale(default: 1)
            return layer
        },
        Family("mistral_large4") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 4)
            layer.router.groups = try c.groups(.sumOfTop2, fill: .zero)
            layer.router.normalization = .init(.sum, epsilon: 1e-20)
            layer.router.scale = try c.routedScale(default: 1)
            return layer
        },
        Family("gemma4", "diffusion_gemma") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 1, activation: .geluTanh)
            layer.router.normalization = .init(.sum)
            layer.router.perExpertScale = true
            layer.router.inputNorm = .init(epsilon: try c.scope.number("rms_norm_eps", default: 1e-6), scale: 1)
            layer.inputNormScalesByWidth = true
            return layer
        },
    ]

    private static func qwen(_ c: FamilyContext, topK: Int, normalizes: Bool) throws(RecognitionError) -> LayerBlueprint
    {
        var layer = try c.blueprint(.softmax, topK: topK)
        layer.router.normalization = try c.normalization(default: normalizes)
        layer.sharedGate = .sigmoid
        return layer
    }

    private static func alwaysNormalized(_ c: FamilyContext, topK: Int) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmax, topK: topK)
        layer.router.normalization = .init(.sum)
        return layer
    }
}
