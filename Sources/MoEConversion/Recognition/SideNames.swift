import MoEFormat

/// What a layer's tensors beside its experts are for, by the name below the layer's path.
///
/// The names are facts of published checkpoints; shapes confirm each before it counts.
enum SideNames {
    /// What a name says; some names mean a bias for the logits in one family and for the choice in another.
    enum Meaning: Hashable {
        case router
        case routerBias
        case selectionBias
        /// `gate.bias`: the family says which bias it is.
        case eitherBias
        case noise
        case inputScale, perExpertScale, globalScale
        case tokenTable
        case outputBias
        case groupRouter, groupNoise
        case preProjection, postProjection, preProjectionBias, postProjectionBias
        case sharedGate, sharedGateBias
        case latentNorm, expertNorm, outputNorm
        /// A bias that the described layers do not have.
        case strangeBias

        /// The same name where every group of experts has a gate of its own: in the layer it is the first gate's.
        func amongGates(ofGroup isOfGroup: Bool) -> Meaning? {
            switch self {
            case .router: isOfGroup ? .router : .groupRouter
            case .noise: isOfGroup ? .noise : .groupNoise
            case .routerBias, .eitherBias: isOfGroup ? .routerBias : .strangeBias
            case .selectionBias: .strangeBias
            default: isOfGroup ? nil : self
            }
        }
    }

    private static let routers: [String] = [
        "gate", "gate.wg", "gate.gate", "gate.linear", "gate.layer", "gate.proj", "gate.classifier", "router",
        "router.classifier",
        "router.layer", "router.gate", "router.proj", "router.linear", "router.topkroute_linear", "router.router",
        "gating",
        "gating_network", "gate_network", "gate_net", "gating.gate", "gating_network.gate", "w_gate", "wg",
        "router_gate",
        "router_weights", "switch", "topkroute_linear", "gate_dense", "router_dense", "router.router_dense",
        "_sparse_feedforward_gate_dense", "sparse_feedforward_gate_dense", "gate.0", "router.0", "gating.0",
        "moe_router",
        "deepspeed_moe.gate.wg", "router.gating", "secondary_gate", "expert_gate", "gate_secondary", "w_gate_secondary",
    ]
    private static let selectionBiases: [String] = [
        "gate.e_score_correction", "e_score_correction", "moe_statics.e_score_correction",
        "gate.moe_statics.e_score_correction", "router.e_score_correction", "gate.expert", "expert", "router.expert",
        "experts.e_score_correction", "gate.correction", "correction", "moe.router.expert", "router.selection",
    ]
    private static let others: [LeafName: Meaning] = [
        weight("w_noise"): .noise, weight("noise"): .noise, weight("noise_linear"): .noise,
        weight("router.noise_linear"): .noise, weight("gate.noise"): .noise, weight("router.noise"): .noise,
        weight("gate.w_noise"): .noise, weight("noise_gate"): .noise, weight("gate.noise_linear"): .noise,
        scale("router"): .inputScale,
        scale("router.per_expert"): .perExpertScale, scale("per_expert"): .perExpertScale,
        scale("experts.per_expert"): .perExpertScale,
        scale("gate.global"): .globalScale, scale("router.global"): .globalScale,
        weight("gate.tid2eid"): .tokenTable, weight("tid2eid"): .tokenTable,
        bias(""): .outputBias, bias("output"): .outputBias,
        weight("group_gate"): .groupRouter, weight("primary_gate"): .groupRouter, weight("group_router"): .groupRouter,
        weight("gate.group"): .groupRouter, weight("gate_primary"): .groupRouter, weight("w_gate_group"): .groupRouter,
        weight("w_gate_primary"): .groupRouter, weight("group_noise"): .groupNoise,
        weight("w_noise_primary"): .groupNoise,
        weight("fc1_latent_proj"): .preProjection, weight("fc2_latent_proj"): .postProjection,
        weight("shared_expert_gate"): .sharedGate, weight("shared_expert_gate_dense"): .sharedGate,
        weight("shared_experts_gate"): .sharedGate, weight("shared_gate"): .sharedGate,
        bias("shared_expert_gate"): .sharedGateBias, bias("shared_expert_gate_dense"): .sharedGateBias,
        weight("pre_expert_proj"): .preProjection, weight("post_expert_proj"): .postProjection,
        bias("fc1_latent_proj"): .preProjectionBias, bias("fc2_latent_proj"): .postProjectionBias,
        bias("pre_expert_proj"): .preProjectionBias, bias("post_expert_proj"): .postProjectionBias,
        weight("pre_expert_norm"): .latentNorm, weight("post_expert_norm"): .expertNorm,
        weight("post_mlp_layernorm"): .outputNorm,
    ]

    private static func weight(_ name: String) -> LeafName { LeafName(projection: name, part: .weight) }
    private static func bias(_ name: String) -> LeafName { LeafName(projection: name, part: .bias) }
    private static func scale(_ name: String) -> LeafName { LeafName(projection: name, part: .scale) }

    private static let meanings: [LeafName: Meaning] = {
        var meanings = others
        for name in routers {
            meanings[weight(name)] = .router
            meanings[bias(name)] = .eitherBias
        }
        for name in selectionBiases { meanings[bias(name)] = .selectionBias }
        return meanings
    }()

    /// What the leaf of a layer's own tensor means, or nil.
    static func meaning(of leaf: LeafName) -> Meaning? {
        var leaf = leaf.asDenseLayer
        leaf.isKernel = false
        return meanings[leaf]
    }

    /// Tensors that lie inside the experts' container but belong to the router.
    static func isBesideExperts(_ components: ArraySlice<Substring>) -> Bool {
        if components.elementsEqual(["post_expert_norm", "weight"]) { return true }
        guard components.count == 1, let name = components.first else { return false }
        return name == "e_score_correction_bias" || name == "per_expert_scale"
    }

    /// Whether the name, below the parent of a layer's module, may belong to that layer.
    static func mayStandBeside(_ components: ArraySlice<Substring>) -> Bool {
        guard let first = components.first else { return false }
        if BankDrafts.sharedContainers.contains(first) || first == "shared_expert_gate" { return true }
        return components.elementsEqual(["moe", "router", "expert_bias"])
            || components.elementsEqual(["post_mlp_layernorm", "weight"])
    }
}
