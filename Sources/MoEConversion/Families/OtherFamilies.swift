import MoEFormat

extension Family {
    /// Families with a capacity, those outside the described kinds, and configurations without a model type.
    static let others: [Family] = [
        // Fedus et al. 2021, arXiv 2101.03961.
        Family("switch_transformers") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 1, activation: .relu)
            layer.router.capacity = .init(rule: .fixed, tokens: try c.scope.integer("expert_capacity", default: 64))
            return layer
        },
        // As fairseq and transformers 4.57 compute it: 5.23 runs experts 0 and 1 whatever the router says.
        Family("nllb_moe") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 2, activation: .relu)
            layer.router.topK = 2
            layer.router.normalization = .init(.sumClamped, epsilon: 1.1920928955078125e-07)
            layer.routedScale = 1 - (try c.scope.number("moe_token_dropout", default: 0.2))
            let seesDropped = try c.scope.flag("normalize_router_prob_before_dropping", default: false)
            layer.router.capacity = .init(
                rule: .nllb, factor: try c.scope.number("moe_eval_capacity_token_fraction", default: 1), order: .rank,
                renormalize: seesDropped ? .before : .after)
            if let policy = try c.scope.string("second_expert_policy"), policy != "all" {
                layer.warning =
                    "second_expert_policy \(quoted(policy)) draws at random; the second expert is always used instead"
            }
            return layer
        },
        Family("zaya") { (c) throws(RecognitionError) in
            try refused(
                c, "its router is a network with a state that passes from layer to layer, and may skip the layer")
        },
        Family("doge") { (c) throws(RecognitionError) in
            try refused(c, "its router retrieves experts by products of keys")
        },
    ]

    private static func refused(_ c: FamilyContext, _ reason: String) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmax, topK: 1)
        layer.router = .unsupported(reason)
        layer.warning = "these layers cannot run: \(reason)"
        return layer
    }

    /// A configuration without a model type: what its own keys say, in the manner of the seed papers.
    static func withoutType(_ c: FamilyContext) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmax, topK: 0)
        if layer.topK == nil {
            layer.router = RouterDescription(.all, topK: 0, score: .softmax)
            layer.warning =
                "the configuration names no number of experts a token: routing is taken as dense softmax over all experts"
        } else if let score = try c.scope.string(
            "scoring_func", "score_func", "router_score", "moe_router_score_function")
        {
            try setExplicit(score, c, &layer)
        } else if c.scope.has("norm_topk_prob") {
            layer.router.normalization = try c.normalization(default: false)
        } else if layer.topK?.value == c.facts.expertCount {
            // To keep all is the textbook layer: nothing is chosen, and nothing ranked.
            layer.router = RouterDescription(.all, topK: 0, score: .softmax)
        } else {
            // G(x) = softmax(KeepTopK(H(x), k)): Shazeer et al. 2017, arXiv 1701.06538, eq. 3 to 5.
            layer.router.score = .softmaxOfChosen
            if try c.scope.flag("noisy_gating", "noisy", default: true) { layer.router.noise = .softplus }
            layer.router.groupTopK =
                try c.scope.stated(["group_top_k", "top_k_groups", "num_groups_per_tok"])?.value ?? 0
        }
        if layer.router.kind == .topK,
            let factor = c.scope.find(["capacity_factor", "moe_capacity_factor"])?.value.number, factor > 0
        {
            layer.router.capacity = .init(rule: .factor, factor: factor)
        }
        return layer
    }

    /// A model type that is not in the table: described when its keys name the score, refused otherwise.
    static func unknown(_ type: String, _ c: FamilyContext) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmax, topK: 0)
        if layer.topK != nil, let score = try c.scope.string("scoring_func", "score_func", "moe_router_score_function")
        {
            try setExplicit(score, c, &layer)
            layer.warning =
                "the model type \(quoted(type)) is not known: routing follows the keys of the configuration alone"
        } else {
            layer.router = .unsupported("the model type \(quoted(type)) is not known")
            layer.warning =
                "the model type \(quoted(type)) is not known: its layers cannot run unless --router says how they route"
        }
        return layer
    }

    private static func setExplicit(_ score: String, _ c: FamilyContext, _ layer: inout LayerBlueprint)
        throws(RecognitionError)
    {
        let scores: [String: RouterDescription.Score] = [
            "softmax": .softmax, "sigmoid": .sigmoid, "sqrtsoftplus": .sqrtSoftplus, "sqrt_softplus": .sqrtSoftplus,
        ]
        guard let known = scores[score] else {
            layer.router = .unsupported("the score \(quoted(score)) is not described")
            return
        }
        layer.router.score = known
        layer.router.selectionBias = .score
        layer.router.normalization = try c.normalization(default: false, epsilon: 1e-20)
        layer.router.scale = try c.routedScale(default: 1)
        let isLimited = try c.scope.string("topk_method") == "group_limited_greedy"
        layer.router.groups =
            isLimited
            ? try c.groups(.max, fill: .zero) : try c.groups(.sumOfTop2, fill: .negativeInfinity)
    }
}
