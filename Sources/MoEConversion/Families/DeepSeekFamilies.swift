import MoEFormat

extension Family {
    /// DeepSeek's routers and those that descend from them.
    static let deepSeek: [Family] = [
        Family("deepseek_v2", "deepseek_ocr2", "unlimited_ocr") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 6)
            switch try c.scope.string("topk_method") ?? "greedy" {
            case "greedy": break
            case "group_limited_greedy": layer.router.groups = try c.groups(.max, fill: .zero, count: nil, kept: nil)
            case let method: layer.router = .unsupported("topk_method \(quoted(method)) is not described")
            }
            layer.router.scale = try c.routedScale(default: 1)
            return layer
        },
        // DeepSeekMoE 16B and Ling's first models, by their own modeling files.
        Family("deepseek", "bailing_moe") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 6)
            layer.router.normalization = try c.normalization(default: false, epsilon: 1e-20)
            return layer
        },
        Family("deepseek_v3", "kimi_k2", "kimi_k25", "deepseek_v32") { (c) throws(RecognitionError) in
            try noAuxiliaryLoss(c, topK: 8, groups: 8, kept: 4, scale: 2.5)
        },
        Family("axk1") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 8, groups: 8, kept: 4, scale: 2.5)
            layer.outputNorm = .init(epsilon: try c.scope.number("rms_norm_eps", default: 1e-6))
            return layer
        },
        Family("axk2") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 8, scale: 2.5)
            layer.router.groups = try c.groups(.sumOfTop2, fill: .zero, count: nil, kept: nil)
            return layer
        },
        Family("bailing_hybrid", "bailing_moe_v2") { (c) throws(RecognitionError) in
            try noAuxiliaryLoss(c, topK: 8, groups: 8, kept: 4, scale: 2.5)
        },
        Family("glm4_moe", "glm4v_moe", "solar_open", "dots3_note", "mimo_v2_flash") { (c) throws(RecognitionError) in
            try noAuxiliaryLoss(c, topK: 8, scale: 1)
        },
        Family("glm4_moe_lite") { (c) throws(RecognitionError) in try noAuxiliaryLoss(c, topK: 4, scale: 1.8) },
        Family("glm_moe_dsa", "exaone_moe") { (c) throws(RecognitionError) in
            try noAuxiliaryLoss(c, topK: 8, scale: 2.5)
        },
        Family("dots1") { (c) throws(RecognitionError) in try noAuxiliaryLoss(c, topK: 6, scale: 1, normalizes: false)
        },
        Family("kimi_linear") { (c) throws(RecognitionError) in try noAuxiliaryLoss(c, topK: 8, scale: 2.446) },
        Family("nemotron_h") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 2, scale: 1)
            if !layer.hasStatedActivation { layer.function.activation = .reluSquared }
            return layer
        },
        Family("glm5_next") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 8, scale: 2.5)
            let limit = try c.scope.number("swiglu_limit", default: 10)
            var shared = layer.function
            c.clamp(&shared, at: limit)
            layer.sharedFunction = shared
            layer.function = ExpertFunction(.gated, activation: .silu)
            c.clamp(&layer.function, at: limit)
            return layer
        },
        // Only the routed experts are clamped.
        Family("hy_v4") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 8, scale: 2.827)
            layer.sharedFunction = layer.function
            layer.function = ExpertFunction(.gated, activation: .silu)
            c.clamp(&layer.function, at: try c.scope.number("swiglu_limit", default: 10))
            return layer
        },
        Family("beam") { (c) throws(RecognitionError) in
            var layer = try noAuxiliaryLoss(c, topK: 8, groups: 8, kept: 4, scale: 1)
            layer.router.scale = 1
            layer.routedScale = try c.routedScale(default: 2.5)
            return layer
        },
        Family("deepseek_v4") { (c) throws(RecognitionError) in
            var layer = try scored(c, topK: 6, default: "sqrtsoftplus", epsilon: 1e-20)
            layer.router.scale = try c.routedScale(default: 1.5)
            c.clamp(&layer.function, at: try c.scope.number("swiglu_limit", default: 10))
            return layer
        },
        Family("inkling2") { (c) throws(RecognitionError) in
            var layer = try scored(c, topK: 8, default: "sigmoid", epsilon: 1e-20)
            layer.router.scale = try c.scope.number("route_scale", "routed_scaling_factor", default: 8)
            layer.function = ExpertFunction(.gated, activation: .silu)
            layer.function.gateSoftcap = try c.scope.number("mlp_gate_softcap", default: 4)
            layer.function.upSoftcap = try c.scope.number("mlp_up_softcap", default: 25)
            return layer
        },
    ]

    /// Sigmoid scores, a bias for the choice alone, groups by their two best: DeepSeek-V3, arXiv 2412.19437 §2.1.2.
    private static func noAuxiliaryLoss(
        _ c: FamilyContext, topK: Int, groups: Int? = 1, kept: Int? = 1, scale: Double, normalizes: Bool = true
    ) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.sigmoid, topK: topK)
        layer.router.selectionBias = .score
        layer.routerBiasIsForSelection = true
        layer.router.groups = try c.groups(.sumOfTop2, fill: .negativeInfinity, count: groups, kept: kept)
        layer.router.normalization = try c.normalization(default: normalizes, epsilon: 1e-20)
        layer.router.scale = try c.routedScale(default: scale)
        return layer
    }

    /// A score that the configuration names, a bias for the choice, and weights that always sum to one.
    private static func scored(_ c: FamilyContext, topK: Int, default name: String, epsilon: Double)
        throws(RecognitionError) -> LayerBlueprint
    {
        let name = try c.scope.string("scoring_func") ?? name
        let scores: [String: RouterDescription.Score] = ["sigmoid": .sigmoid, "sqrtsoftplus": .sqrtSoftplus]
        var layer = try c.blueprint(scores[name] ?? .sigmoid, topK: topK)
        layer.router.selectionBias = .score
        layer.routerBiasIsForSelection = true
        layer.router.normalization = .init(.sum, epsilon: epsilon)
        if scores[name] == nil { layer.router = .unsupported("scoring_func \(quoted(name)) is not described") }
        return layer
    }
}
