import MoEFormat

/// A layer and the configuration that speaks of it, with the questions that every family asks.
struct FamilyContext {
    let scope: ConfigScope
    let facts: BankFacts

    init(_ scope: ConfigScope, _ facts: BankFacts) {
        self.scope = scope
        self.facts = facts
    }

    private static let expertKeys = [
        "num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts", "num_moe_experts",
        "num_routed_experts",
    ]
    private static let topKKeys = [
        "num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k_experts", "top_k",
        "num_selected_experts", "topk",
    ]
    private static let sharedKeys = [
        "n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts",
    ]

    /// A blueprint with the counts that the configuration states.
    func blueprint(_ score: RouterDescription.Score, topK fallback: Int, activation: ExpertFunction.Activation = .silu)
        throws(RecognitionError) -> LayerBlueprint
    {
        let layer = facts.run ?? facts.layer
        let topK = try scope.stated(Self.topKKeys, layer: layer)
        var blueprint = LayerBlueprint(RouterDescription(.topK, topK: topK?.value ?? fallback, score: score))
        blueprint.topK = topK
        blueprint.expertCount = try scope.stated(Self.expertKeys, layer: layer)
        blueprint.sharedCount = try scope.stated(Self.sharedKeys, layer: layer)
        try setActivation(&blueprint, default: activation)
        return blueprint
    }

    /// Names of activations in configurations.
    private static let activations: [String: ExpertFunction.Activation] = [
        "silu": .silu, "swish": .silu, "swiglu": .silu, "gelu": .gelu, "gelu_python": .gelu, "geglu": .gelu,
        "gelu_new": .geluTanh,
        "gelu_fast": .geluTanh, "gelu_pytorch_tanh": .geluTanh, "gelu_python_tanh": .geluTanh,
        "gelu_accurate": .geluTanh,
        "gelu_tanh": .geluTanh, "quick_gelu": .quickGelu, "relu": .relu, "relu2": .reluSquared,
        "relu_squared": .reluSquared,
        "squared_relu": .reluSquared, "sigmoid": .sigmoid, "tanh": .tanh, "linear": .identity, "identity": .identity,
    ]
    private static let activationKeys = [
        "hidden_act", "hidden_activation", "mlp_hidden_act", "activation_function", "dense_act_fn", "activation",
        "expert_activation",
    ]

    private func setActivation(_ blueprint: inout LayerBlueprint, default fallback: ExpertFunction.Activation)
        throws(RecognitionError)
    {
        blueprint.function.activation = fallback
        var found = scope.find(Self.activationKeys)
        if found == nil, let name = scope.find(["ffn_act_fn"])?.value["name"], name != .null {
            found = ("ffn_act_fn", name)
        }
        guard let (key, value) = found else {
            blueprint.hasStatedActivation = false
            return
        }
        guard let name = value.word else { throw .contradiction("the configuration's \(key) is not a name") }
        if let activation = Self.activations[name] {
            blueprint.function.activation = activation
        } else {
            blueprint.function = ExpertFunction(.unsupported)
            blueprint.function.reason = "the activation \(quoted(name)) is not described"
        }
    }

    /// DeepSeek's groups of experts; nil where every group is kept.
    func groups(
        _ score: RouterDescription.Groups.Score, fill: RouterDescription.Groups.Fill, count: Int? = 1, kept: Int? = 1
    ) throws(RecognitionError) -> RouterDescription.Groups? {
        let count = try scope.stated(["n_group", "num_expert_group"])?.value ?? count
        let kept = try scope.stated(["topk_group"])?.value ?? kept
        guard let count, let kept, count > 1 else { return nil }
        guard facts.expertCount % count == 0 else {
            throw .contradiction(
                "n_group is \(count), which does not divide the \(facts.expertCount) experts of \(quoted(facts.path))")
        }
        guard kept < count else { return nil }
        return .init(count: count, kept: kept, score: score, fill: fill)
    }

    /// Division by the sum of the chosen weights, if the configuration asks for it.
    func normalization(default fallback: Bool, epsilon: Double = 0) throws(RecognitionError) -> RouterDescription
        .Normalization?
    {
        try scope.flag("norm_topk_prob", "moe_renormalize", "norm_top_k_prob", default: fallback)
            ? .init(.sum, epsilon: epsilon) : nil
    }

    func routedScale(default fallback: Double) throws(RecognitionError) -> Double {
        try scope.number("routed_scaling_factor", default: fallback)
    }

    /// A gate that is clamped from above and an up that is clamped on both sides, before the activation.
    func clamp(_ function: inout ExpertFunction, at limit: Double) {
        guard limit > 0 else { return }
        function.gateClamp = Clamp(maximum: limit)
        function.upClamp = Clamp(minimum: -limit, maximum: limit)
    }
}
