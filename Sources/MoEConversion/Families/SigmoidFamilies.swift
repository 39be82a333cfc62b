import MoEFormat

extension Family {
    /// Sigmoid scores without groups.
    static let sigmoid: [Family] = [
        Family("minimax_m2") { (c) throws(RecognitionError) in try biased(c, topK: 8, epsilon: 0) },
        Family("minimax_m3_vl") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 4, epsilon: 0)
            layer.function = try clampedSwiGLU(c)
            layer.routedScale = try c.routedScale(default: 2)
            layer.isInterleaved = false
            return layer
        },
        Family("lfm2_moe") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.sigmoid, topK: 4)
            if try c.scope.flag("use_expert_bias", default: true) { layer.router.selectionBias = .score }
            layer.router.normalization = try c.normalization(default: true, epsilon: 1e-6)
            layer.router.scale = try c.routedScale(default: 1)
            layer.function = ExpertFunction(.gated, activation: .silu)
            return layer
        },
        Family("afmoe") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 6, epsilon: 1e-20)
            layer.router.scale = try c.scope.number("route_scale", default: 1)
            return layer
        },
        Family("hy_v3") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 8, epsilon: 1e-20)
            layer.router.scale = try c.scope.number("router_scaling_factor", default: 2.826)
            return layer
        },
        Family("dots3_note_vision_encoder") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 2, epsilon: 1e-20)
            layer.router.scale = try c.scope.number("router_scaling_factor", default: 1)
            return layer
        },
        Family("laguna") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 8, epsilon: 0)
            let softcap = try c.scope.number("moe_router_logit_softcapping", default: 0)
            if softcap > 0 { layer.router.logitSoftcap = softcap }
            layer.routedScale = try c.scope.number("moe_routed_scaling_factor", default: 1)
            return layer
        },
        // The bias is added to the logits, for the choice alone.
        Family("kolibri1") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.sigmoid, topK: 6)
            layer.router.selectionBias = .logit
            layer.router.normalization = try c.normalization(default: false)
            return layer
        },
        Family("flint") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.sigmoid, topK: 6)
            layer.router.normalization = try c.normalization(default: true)
            return layer
        },
        Family("step3p5", "step3p7") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 8, epsilon: 0)
            layer.routedScale = try c.scope.number("moe_router_scaling_factor", default: 1)
            var shared = layer.function
            if let limit = try c.scope.layerLimit("swiglu_limits", layer: c.facts.layer) {
                clampAfterActivation(&layer.function, at: limit)
            }
            if let limit = try c.scope.layerLimit("swiglu_limits_shared", layer: c.facts.layer) {
                clampAfterActivation(&shared, at: limit)
            }
            layer.sharedFunction = shared
            return layer
        },
        Family("muse_spark") { (c) throws(RecognitionError) in
            var layer = try biased(c, topK: 8, epsilon: 1e-15)
            layer.router.logitScale = try c.scope.number("output_multiplier", default: 0.1767766952966369)
            layer.router.scale = try c.routedScale(default: 1)
            layer.latentNorm = .init(epsilon: try c.scope.number("rms_norm_eps", default: 1e-5), offset: 1)
            layer.expertNorm = .init(epsilon: try c.scope.number("post_norm_eps", default: 1e-8), offset: 1)
            return layer
        },
        // Shared experts have rows of the router: weights are normalised over them and the chosen ones.
        Family("inkling", "inkling_mm_model") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.logSigmoidNormalized, topK: 6)
            layer.router.selectionBias = .score
            layer.routerBiasIsForSelection = true
            layer.router.scale = try c.scope.number("route_scale", default: 8)
            layer.router.sharedInRouter = try c.scope.integer("n_shared_experts", default: 2)
            layer.sharedGate = .router
            return layer
        },
    ]

    private static func biased(_ c: FamilyContext, topK: Int, epsilon: Double) throws(RecognitionError)
        -> LayerBlueprint
    {
        var layer = try c.blueprint(.sigmoid, topK: topK)
        layer.router.selectionBias = .score
        layer.routerBiasIsForSelection = true
        layer.router.normalization = .init(.sum, epsilon: epsilon)
        return layer
    }

    /// Step's limits act on the activated gate, and on the up: `Step3p7Experts._apply_gate`.
    private static func clampAfterActivation(_ function: inout ExpertFunction, at limit: Double) {
        function.activatedClamp = Clamp(maximum: limit)
        function.upClamp = Clamp(minimum: -limit, maximum: limit)
    }
}
