import MoEFormat

/// What a configuration says about one MoE layer; its tensors fill in the rest.
struct LayerBlueprint {
    /// A number that the configuration states, with the key that states it.
    struct Stated: Hashable {
        var key: String
        var value: Int
    }

    var router: RouterDescription
    /// What experts compute; the kind is replaced by what the tensors show.
    var function: ExpertFunction
    /// The same for shared experts; nil when it is the experts' function.
    var sharedFunction: ExpertFunction?
    var sharedGate: LayerDescription.Shared.Gate = .none
    var sharedCombination: LayerDescription.Shared.Combination = .add
    var sharedScale = 1.0
    var routedScale = 1.0
    var outputScale = 1.0
    /// Whether the activation is the configuration's own, and not a default.
    var hasStatedActivation = true
    var latentNorm: LayerDescription.Norm?
    var expertNorm: LayerDescription.Norm?
    var outputNorm: LayerDescription.Norm?
    /// Whether the router's input norm is multiplied by 1/√hidden.
    var inputNormScalesByWidth = false
    /// Whether fused gate and up outputs alternate; nil: the names decide.
    var isInterleaved: Bool?
    /// Whether the router's own bias is for the choice of experts only.
    var routerBiasIsForSelection = false
    /// Experts with weights.
    var expertCount: Stated?
    /// Experts a token.
    var topK: Stated?
    /// Shared experts that the configuration speaks of.
    var sharedCount: Stated?
    /// What the user should know about this layer's routing.
    var warning: String?

    init(_ router: RouterDescription, activation: ExpertFunction.Activation = .silu) {
        self.router = router
        function = ExpertFunction(.gated, activation: activation)
    }

    /// Rows of the router beyond one for each expert with weights.
    var extraRows: Int { router.identityExperts + router.sharedInRouter }
}

/// What is known of a layer when its blueprint is asked for.
struct BankFacts {
    var path: String
    var layer: Int
    var expertCount: Int
}
