import MoEFormat

/// What the user's options put in the place of a configuration's routing.
struct RoutingOverrides {
    private let topK: Int?
    private let router: RouterDescription?
    private let function: ExpertFunction?

    /// - Throws: `RecognitionError` of kind usage when an option is no valid description.
    init(_ options: RecognitionOptions) throws(RecognitionError) {
        topK = options.topK
        if let topK, topK < 1 { throw .usage("--top-k is \(topK); a token needs at least one expert") }
        do {
            router = try (options.router ?? options.map?.router).map { (json) throws(FormatError) in
                try RouterDescription(json: json)
            }
            try router?.validate(experts: nil, path: "the router")
            function = try options.map?.function.map { (json) throws(FormatError) in try ExpertFunction(json: json) }
        } catch {
            throw .usage("the router given is not a description: \(error.message)")
        }
    }

    /// A router that is given must find its tensors; one that a configuration implies does without those that are not there.
    ///
    /// - Throws: `RecognitionError` of kind usage.
    func checkTensors(of bank: ResolvedBank) throws(RecognitionError) {
        guard let router, bank.problem == nil else { return }
        let isHierarchical = router.kind == .hierarchical
        let needs: [(key: String, role: Role, isNeeded: Bool)] = [
            ("selection_bias", .selectionBias, router.selectionBias != .none),
            ("per_expert_scale", .perExpertScale, router.perExpertScale),
            ("noise", .routerNoiseWeight, router.noise != nil),
            ("noise", .groupRouterNoiseWeight, router.noise != nil && isHierarchical),
            ("kind hash", .tokenExpertTable, router.kind == .hash),
            ("kind hierarchical", .groupRouterWeight, isHierarchical),
        ]
        for (key, role, isNeeded) in needs where isNeeded && !bank.router.contains(where: { $0.role == role }) {
            throw .usage("the router given has \(key), but \(quoted(bank.path)) has no \(role.name)")
        }
    }

    func apply(to blueprint: LayerBlueprint, _ facts: BankFacts) throws(RecognitionError) -> LayerBlueprint {
        var blueprint = blueprint
        if let function {
            blueprint.function = function
            blueprint.hasStatedActivation = true
        }
        if let router {
            let choices = facts.expertCount + router.identityExperts
            if router.kind == .topK, !(1...max(1, choices)).contains(router.topK) {
                throw .usage(
                    "the router given has top_k \(router.topK), but \(quoted(facts.path)) has \(choices) experts to choose from"
                )
            }
            blueprint.router = router
            blueprint.topK = nil
            blueprint.warning = nil
        }
        guard let topK else { return blueprint }
        let choices = facts.expertCount + blueprint.router.identityExperts
        guard topK <= choices else {
            throw .usage("--top-k is \(topK), but \(quoted(facts.path)) has \(choices) experts to choose from")
        }
        if blueprint.router.kind == .all {
            // Without a configuration: the weights of the chosen sum to one.
            blueprint.router = RouterDescription(.topK, score: .softmax)
            blueprint.router.normalization = .init(.sum)
            blueprint.warning =
                "there is no configuration: routing is taken as softmax, the best \(topK) experts, weights that sum to one"
        }
        blueprint.router.topK = topK
        blueprint.topK = .init(key: "--top-k", value: topK)
        return blueprint
    }
}
