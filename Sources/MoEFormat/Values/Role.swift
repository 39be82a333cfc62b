/// What a part is for in its layer: SPEC.md §8.
public struct Role: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let other = Role(rawValue: 0)
    public static let routerWeight = Role(rawValue: 1)
    public static let routerBias = Role(rawValue: 2)
    public static let selectionBias = Role(rawValue: 3)
    public static let routerNoiseWeight = Role(rawValue: 4)
    public static let routerInputScale = Role(rawValue: 5)
    public static let perExpertScale = Role(rawValue: 6)
    public static let tokenExpertTable = Role(rawValue: 7)
    public static let outputBias = Role(rawValue: 8)
    public static let groupRouterWeight = Role(rawValue: 9)
    public static let groupRouterNoiseWeight = Role(rawValue: 10)
    public static let preProjection = Role(rawValue: 11)
    public static let postProjection = Role(rawValue: 12)
    public static let routerGlobalScale = Role(rawValue: 13)
    public static let outputNormWeight = Role(rawValue: 14)
    public static let latentNormWeight = Role(rawValue: 15)
    public static let expertWeight = Role(rawValue: 16)
    public static let expertBias = Role(rawValue: 17)
    public static let gateWeight = Role(rawValue: 18)
    public static let gateBias = Role(rawValue: 19)
    public static let upWeight = Role(rawValue: 20)
    public static let upBias = Role(rawValue: 21)
    public static let downWeight = Role(rawValue: 22)
    public static let downBias = Role(rawValue: 23)
    public static let gateUpHalvesWeight = Role(rawValue: 24)
    public static let gateUpHalvesBias = Role(rawValue: 25)
    public static let gateUpInterleavedWeight = Role(rawValue: 26)
    public static let gateUpInterleavedBias = Role(rawValue: 27)
    public static let sharedGateWeight = Role(rawValue: 48)
    public static let sharedGateBias = Role(rawValue: 49)
    public static let scale = Role(rawValue: 50)
    public static let expertNormWeight = Role(rawValue: 51)
    public static let preProjectionBias = Role(rawValue: 52)
    public static let postProjectionBias = Role(rawValue: 53)

    private static let names: [Role: String] = [
        .other: "other", .routerWeight: "router_weight", .routerBias: "router_bias", .selectionBias: "selection_bias",
        .routerNoiseWeight: "router_noise_weight", .routerInputScale: "router_input_scale",
        .perExpertScale: "per_expert_scale", .tokenExpertTable: "token_expert_table", .outputBias: "output_bias",
        .groupRouterWeight: "group_router_weight", .groupRouterNoiseWeight: "group_router_noise_weight",
        .preProjection: "pre_projection", .postProjection: "post_projection", .routerGlobalScale: "router_global_scale",
        .preProjectionBias: "pre_projection_bias", .postProjectionBias: "post_projection_bias",
        .outputNormWeight: "output_norm_weight", .latentNormWeight: "latent_norm_weight",
        .expertNormWeight: "expert_norm_weight",
        .expertWeight: "expert_weight", .expertBias: "expert_bias", .gateWeight: "gate_weight", .gateBias: "gate_bias",
        .upWeight: "up_weight", .upBias: "up_bias", .downWeight: "down_weight", .downBias: "down_bias",
        .gateUpHalvesWeight: "gate_up_halves_weight", .gateUpHalvesBias: "gate_up_halves_bias",
        .gateUpInterleavedWeight: "gate_up_interleaved_weight", .gateUpInterleavedBias: "gate_up_interleaved_bias",
        .sharedGateWeight: "shared_gate_weight", .sharedGateBias: "shared_gate_bias", .scale: "scale",
    ]

    /// The role of a shared expert's tensor that corresponds to this role of a routed expert's.
    public var shared: Role { (16...27).contains(rawValue) ? Role(rawValue: rawValue + 16) : self }

    /// The routed expert's role that corresponds to this role of a shared expert's.
    public var unshared: Role { (32...43).contains(rawValue) ? Role(rawValue: rawValue - 16) : self }

    /// The role itself, or `other` for a code that this version does not know: SPEC.md §8.
    package var known: Role { Self.names[unshared] == nil ? .other : self }

    /// The name in reports, JSON and map files, as in `gate_up_halves_weight` or `shared_down_bias`.
    public var name: String {
        if let name = Self.names[self] { return name }
        if unshared != self, let name = Self.names[unshared] {
            return unshared.rawValue < 18 ? "shared_" + name : "shared_expert_" + name
        }
        return "role_\(rawValue)"
    }

    /// The role of that name, or nil.
    public init?(name: String) {
        let known = Self.names.keys.flatMap { [$0, $0.shared] }
        guard let role = known.first(where: { $0.name == name }) else { return nil }
        self = role
    }
}

/// Which way a matrix lies.
public enum Orientation: UInt8, Sendable {
    case none = 0
    /// `[outputs, inputs]`, as PyTorch's linear layers.
    case rowsAreOutputs = 1
    /// `[inputs, outputs]`, as Keras kernels.
    case rowsAreInputs = 2
}
