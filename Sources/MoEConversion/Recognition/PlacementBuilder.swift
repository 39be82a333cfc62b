import MoEFormat

/// Turns confirmed layers into placements and the model description.
struct PlacementBuilder {
    let tensors: [SourceTensor]
    private(set) var placements: [Placement]
    private(set) var banks: [RecognizedBank] = []
    private(set) var model: ModelDescription
    private(set) var unrecognized: [Int] = []
    private(set) var problems: [String] = []

    init(_ tensors: [SourceTensor], family: String) {
        self.tensors = tensors
        placements = tensors.enumerated().map { .dense($0.offset, $0.element) }
        model = ModelDescription(family: family)
    }

    mutating func add(_ bank: ResolvedBank) {
        let number = banks.count
        banks.append(
            RecognizedBank(
                path: bank.path, layer: bank.layer, expertCount: bank.expertCount, sharedCount: bank.sharedCount,
                hasRouter: !bank.router.isEmpty, layout: bank.expert?.layout ?? ""))
        place(bank.experts, as: bank.expert, count: bank.expertCount) { member in
            bank.isStacked
                ? .stackedExperts(bank: number, count: bank.expertCount) : .expert(bank: number, index: member.expert)
        }
        place(bank.sharedMembers, as: bank.shared, count: bank.sharedCount, isShared: true) { member in
            bank.sharedIsStacked
                ? .stackedShared(bank: number, count: bank.sharedCount) : .shared(bank: number, index: member.expert)
        }
        let layer = describe(bank)
        let isHierarchical = model.routers[layer.router].kind == .hierarchical
        for side in bank.router {
            switch side.run {
            // A role stands once in the block of any other router.
            case nil where side.group != nil && !isHierarchical: placements[side.tensor].place = .router(bank: number)
            case nil: place(side, .router(bank: number, group: side.group ?? 0))
            case 0: place(side, .stackedRouters(firstBank: number, count: 2))
            default: break
            }
        }
        for side in bank.sharedSides {
            if bank.sharedCount > 0 {
                place(side, .shared(bank: number, index: 0))
            } else {
                unrecognized.append(side.tensor)
            }
        }
        unrecognized += bank.unknown
        model.layers.append(layer)
    }

    private mutating func place(_ side: ResolvedBank.Side, _ place: Place) {
        placements[side.tensor].place = place
        placements[side.tensor].role = side.role
        placements[side.tensor].orientation = side.orientation
    }

    private mutating func place(
        _ members: [BankDraft.Member], as expert: ResolvedExpert?, count: Int, isShared: Bool = false,
        at place: (BankDraft.Member) -> Place
    ) {
        // The members of one expert lie together: its scales are found among its own.
        var start = 0
        while start < members.count {
            var end = start
            while end < members.count, members[end].expert == members[start].expert { end += 1 }
            for member in members[start..<end] {
                placements[member.tensor].place = place(member)
                if case .stackedExperts = placements[member.tensor].place, tensors[member.tensor].shape.count >= 3 {
                    placements[member.tensor].idle = tensors[member.tensor].shape[0] - count
                }
                let parts = placements[member.tensor].partCount
                let elements = (tensors[member.tensor].elementCount ?? 0) / max(1, parts)
                placements[member.tensor].rowLength = max(1, min(placements[member.tensor].rowLength, elements))
                guard let part = expert?.parts[member.leaf] else {
                    unrecognized.append(member.tensor)
                    continue
                }
                placements[member.tensor].role = isShared ? part.role.shared : part.role
                placements[member.tensor].orientation = part.orientation
                if let scheme = part.scheme,
                    let scale = members[start..<end].first(where: { $0.leaf == part.scaleLeaf })
                {
                    placements[member.tensor].scheme = model.number(of: scheme)
                    placements[member.tensor].scale = scale.tensor
                }
            }
            start = end
        }
    }

    private mutating func describe(_ bank: ResolvedBank) -> LayerDescription {
        let blueprint = bank.blueprint
        var router = blueprint.router
        var function = blueprint.function
        var problem = bank.problem
        if bank.borrowsShared, model.layers.last?.shared == nil {
            problem = problem ?? "its shared experts are those of the text experts, which are not understood"
        }
        if let expert = bank.expert {
            if function.kind != .unsupported {
                function.kind = expert.kind
                if expert.kind == .linear { function = ExpertFunction(.linear) }
                if expert.kind == .mlp, !blueprint.hasStatedActivation, function.activation == .silu {
                    function.activation = .relu
                }
            }
        } else {
            function = ExpertFunction(.unsupported)
            function.reason = bank.problem
        }
        if router.kind != .unsupported {
            if !bank.router.contains(where: { $0.role == .selectionBias }) { router.selectionBias = .none }
            if !bank.router.contains(where: { $0.role == .routerNoiseWeight }) { router.noise = nil }
            if router.kind == .topK, bank.router.contains(where: { $0.role == .tokenExpertTable }) {
                router.kind = .hash
            }
            let isDense = router.kind == .all && bank.groupSize != nil
            if router.kind == .topK || isDense, let gate = bank.router.first(where: { $0.role == .groupRouterWeight }) {
                makeHierarchical(&router, bank, gate)
            }
            if router.kind != .hierarchical {
                router.groupTopK = 0
            } else if !bank.router.contains(where: { $0.role == .groupRouterNoiseWeight }) {
                router.noise = nil
            }
            if router.perExpertScale { router.perExpertScale = bank.router.contains { $0.role == .perExpertScale } }
            if blueprint.inputNormScalesByWidth { router.inputNorm?.scale = 1 / Double(bank.hiddenSize).squareRoot() }
            if let size = bank.groupSize, router.kind != .hierarchical || router.groupSize != size {
                problem =
                    problem
                    ?? "each of its groups of \(size) experts has a router, which the routing given does not use"
            }
            if let problem { router = .unsupported(problem) }
        }
        if let problem { problems.append("\(bank.path): \(problem); its experts are kept, but the layer cannot run") }
        var layer = LayerDescription(
            hiddenSize: bank.hiddenSize, outputSize: outputSize(of: bank), expertSize: bank.expert?.expertSize ?? 0,
            router: model.index(of: router), function: model.index(of: function))
        layer.routedScale = blueprint.routedScale
        layer.outputScale = blueprint.outputScale
        if bank.router.contains(where: { $0.role == .latentNormWeight }) { layer.latentNorm = blueprint.latentNorm }
        if bank.router.contains(where: { $0.role == .expertNormWeight }) { layer.expertNorm = blueprint.expertNorm }
        if bank.router.contains(where: { $0.role == .outputNormWeight }) { layer.outputNorm = blueprint.outputNorm }
        if let expert = bank.shared {
            var sharedFunction = blueprint.sharedFunction ?? blueprint.function
            sharedFunction.kind = expert.kind
            var shared = LayerDescription.Shared(
                function: model.index(of: sharedFunction), expertSize: expert.expertSize)
            shared.gate =
                bank.sharedSides.contains { $0.role == .sharedGateWeight } && blueprint.sharedGate == .none
                ? .sigmoid : blueprint.sharedGate
            shared.combination = blueprint.sharedCombination
            shared.scale = blueprint.sharedScale
            layer.shared = shared
        } else if bank.borrowsShared, let owner = model.layers.indices.last {
            layer.shared = model.layers[owner].shared
            layer.shared?.bank = owner
        }
        return layer
    }

    /// A second gate behind a first one that chooses among groups: Shazeer et al. 2017, appendix B.
    private func makeHierarchical(_ router: inout RouterDescription, _ bank: ResolvedBank, _ gate: ResolvedBank.Side) {
        let groups = MatrixShape(tensors[gate.tensor].shape)?.outputs(gate.orientation) ?? 0
        guard groups > 0, bank.expertCount % groups == 0 else { return }
        router.groupSize = bank.expertCount / groups
        if router.kind == .all {
            router.topK = router.groupSize
            router.groupTopK = groups
        }
        router.kind = .hierarchical
        if router.groupTopK == 0 { router.groupTopK = router.topK }
    }

    /// The length of the layer's output: what leaves the post projection, or else an expert.
    private func outputSize(of bank: ResolvedBank) -> Int {
        if let post = bank.router.first(where: { $0.role == .postProjection }) {
            let shape = tensors[post.tensor].shape
            return post.orientation == .rowsAreInputs ? shape[1] : shape[0]
        }
        return bank.expert?.outputSize ?? bank.hiddenSize
    }
}
