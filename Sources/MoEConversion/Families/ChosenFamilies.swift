import MoEFormat

extension Family {
    /// The best logits first, their weights from these alone.
    static let softmaxOfChosen: [Family] = [
        Family("granitemoe", "granitemoeshared", "granitemoehybrid", "granitemoe_swa", "jetmoe") {
            (c) throws(RecognitionError) in
            try c.blueprint(.softmaxOfChosen, topK: 2)
        },
        Family("aria") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmaxOfChosen, topK: 2)
            // `hidden_act` is the shared experts' alone.
            layer.sharedFunction = layer.function
            layer.function = ExpertFunction(.gated, activation: .silu)
            layer.isInterleaved = false
            return layer
        },
        Family("gpt_oss") { (c) throws(RecognitionError) in
            var layer = try gptOss(c)
            layer.isInterleaved = true
            return layer
        },
        Family("openai_privacy_filter") { (c) throws(RecognitionError) in
            var layer = try gptOss(c)
            layer.isInterleaved = false
            // The router divides by k, and the layer multiplies by it again.
            layer.router.scale = 1 / Double(layer.router.topK)
            layer.routedScale = Double(layer.router.topK)
            return layer
        },
        Family("llama4") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.sigmoidOfChosen, topK: 1)
            layer.router.weightOn = .input
            layer.isInterleaved = false
            return layer
        },
        Family("cohere2_moe") { (c) throws(RecognitionError) in
            let selection = try c.scope.string("expert_selection_fn") ?? "softmax"
            var layer = try c.blueprint(selection == "sigmoid" ? .sigmoidOfChosen : .softmaxOfChosen, topK: 2)
            if selection == "sigmoid" { layer.router.normalization = try c.normalization(default: true) }
            if selection != "sigmoid", selection != "softmax" {
                layer.router = .unsupported("expert_selection_fn \(quoted(selection)) is not described")
            }
            let combination = try c.scope.string("shared_expert_combination_strategy") ?? "average"
            layer.sharedCombination = combination == "average" ? .average : .add
            return layer
        },
        Family("phimoe") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.sparsemixer, topK: 2)
            // A threshold of 0 keeps the maximum alone, as the smallest one does.
            layer.router.jitter = max(try c.scope.number("router_jitter_noise", default: 0.01), 1e-30)
            return layer
        },
    ]

    private static func gptOss(_ c: FamilyContext) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmaxOfChosen, topK: 4)
        layer.function = try clampedSwiGLU(c)
        return layer
    }

    /// (up + 1) · gate · σ(α · gate), gate and up clamped first: gpt-oss `GptOssExperts._apply_gate`.
    static func clampedSwiGLU(_ c: FamilyContext) throws(RecognitionError) -> ExpertFunction {
        var function = ExpertFunction(.gated, activation: .silu)
        function.alpha = try c.scope.number("swiglu_alpha", default: 1.702)
        c.clamp(&function, at: try c.scope.number("swiglu_limit", default: 7))
        function.upOffset = 1
        return function
    }
}
