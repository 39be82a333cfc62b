import MoEFormat

/// A MoE layer whose names and shapes agree.
struct ResolvedBank {
    struct Side {
        var tensor: Int
        var role: Role
        var orientation: Orientation
        /// For a tensor that this layer shares with its twin: 0 for the layer that comes first.
        var run: Int?
        /// For one of the second gates of a hierarchical router: the group that it chooses in.
        var group: Int?
    }

    var path: String
    var layer: Int
    var expertCount: Int
    var expert: ResolvedExpert?
    var experts: [BankDraft.Member]
    /// Whether each tensor holds all experts.
    var isStacked: Bool
    var shared: ResolvedExpert?
    var sharedCount = 0
    var sharedMembers: [BankDraft.Member] = []
    var sharedIsStacked = false
    /// Whether the layer adds the shared experts of the layer before it.
    var borrowsShared = false
    var router: [Side] = []
    /// Experts a group, where every group has a gate of its own.
    var groupSize: Int?
    var sharedSides: [Side] = []
    var hiddenSize: Int
    var blueprint: LayerBlueprint
    /// Why the layer cannot run, when something of it is not understood.
    var problem: String?
    var unknown: [Int] = []
}

/// Confirms drafts of MoE layers by their shapes.
struct BankResolver {
    let tensors: [SourceTensor]
    let leaves: [LeafName]
    let choice: LayoutChoice
    /// What the configuration says about a layer.
    let blueprint: (BankFacts) throws(RecognitionError) -> LayerBlueprint
    let quantization: QuantizationSettings

    /// - Returns: nil when the draft is no MoE layer; `report` then says why if it looked like one.
    func resolve(_ draft: BankDraft, layer: Int, report: inout String?) throws(RecognitionError) -> ResolvedBank? {
        var draft = draft
        takeBareStack(from: &draft)
        let path = draft.path.isEmpty ? "model" : draft.path
        let isStacked = draft.experts.isEmpty
        var members = isStacked ? draft.stacked : draft.experts
        guard !members.isEmpty else { return nil }
        let sides = SideTensors(draft.sides, groups: draft.groups, tensors: tensors, leaves: leaves)
        var problem = draft.problem
        var facts = BankFacts(path: path, layer: layer, expertCount: 0, run: draft.run)
        facts.expertCount =
            isStacked
            ? members.lazy.compactMap { tensors[$0.tensor].shape.count > 2 ? tensors[$0.tensor].shape[0] : nil }.first
                ?? 0
            : (members.lazy.map(\.expert).max() ?? 0) + 1
        let blueprint = try blueprint(facts)
        // What is stored for experts that only return their input is of no use.
        var idle: [Int] = []
        if !isStacked, blueprint.router.identityExperts > 0, let stated = blueprint.expertCount {
            idle = members.filter { $0.expert >= stated.value }.map(\.tensor)
            members.removeAll { $0.expert >= stated.value }
        }
        let collection: ExpertCollection?
        if isStacked {
            collection = ExpertCollection(
                stacked: members, tensors: tensors, leaves: leaves, idle: blueprint.router.identityExperts
            ) {
                sides.rows(fitting: $0).map { $0 - blueprint.extraRows } ?? blueprint.expertCount?.value
            }
        } else {
            collection = ExpertCollection(members, tensors: tensors, leaves: leaves, problem: &problem)
        }
        guard let collection else {
            report = problem.map { "\(path): \($0); its tensors are kept as dense ones" }
            return nil
        }
        facts.expertCount = collection.count
        try Self.check(blueprint, facts)
        var bank = ResolvedBank(
            path: path, layer: layer, expertCount: collection.count, experts: collection.members, isStacked: isStacked,
            hiddenSize: 0, blueprint: blueprint)
        bank.borrowsShared = draft.borrowsShared
        bank.unknown = (isStacked ? [] : draft.stacked.map(\.tensor)) + idle
        let routerInput = sides.place(into: &bank)
        let resolver = ExpertResolver(
            choice: choice, inputSize: sides.latentSize ?? routerInput, isInterleaved: blueprint.isInterleaved,
            quantization: quantization)
        bank.expert = resolver.resolve(collection.expert, problem: &problem)
        // A name that merely contains `expert` is no layer: without a router and without known experts nothing speaks for it.
        if bank.expert == nil, routerInput == nil {
            report = "\(path): \(problem ?? "nothing in it is known"); its tensors are kept as dense ones"
            return nil
        }
        bank.problem = bank.problem ?? problem
        bank.hiddenSize = routerInput ?? bank.expert?.inputSize ?? 0
        resolveShared(of: draft, into: &bank)
        if let paired = draft.paired, tensors[paired].elementCount == 2 * bank.expertCount {
            bank.router.append(.init(tensor: paired, role: .selectionBias, orientation: .none, run: draft.run))
        }
        guard bank.hiddenSize > 0 else { return nil }
        return bank
    }

    /// Takes a tensor that two layers share from the one whose twin does not follow it: half of it would be no layer's.
    static func settlePairs(in banks: inout [ResolvedBank]) {
        let pairs = banks.map { $0.router.filter { $0.run != nil } }
        for (index, sides) in pairs.enumerated() {
            for side in sides {
                let twin = side.run == 0 ? index + 1 : index - 1
                if pairs.indices.contains(twin),
                    pairs[twin].contains(where: { $0.tensor == side.tensor && $0.run != side.run })
                {
                    continue
                }
                banks[index].router.removeAll { $0.tensor == side.tensor }
                banks[index].unknown.append(side.tensor)
                banks[index].problem =
                    banks[index].problem
                    ?? "its \(side.role.name) is stored with that of experts that are not understood"
            }
        }
    }

    /// Moves stacked matrices that lie in the layer itself from its sides to its experts.
    private func takeBareStack(from draft: inout BankDraft) {
        guard draft.experts.isEmpty, draft.stacked.isEmpty else { return }
        let projections = Set(
            draft.sides.compactMap { side -> String? in
                let leaf = leaves[side.leaf]
                let isStack = leaf.part == .weight && ExpertLayout.isStack(leaf.projection, tensors[side.tensor].shape)
                return isStack ? leaf.projection : nil
            })
        draft.stacked = draft.sides.filter { projections.contains(leaves[$0.leaf].projection) }
        draft.sides.removeAll { projections.contains(leaves[$0.leaf].projection) }
    }

    /// A configuration and tensors that disagree describe two different models.
    static func check(_ blueprint: LayerBlueprint, _ facts: BankFacts) throws(RecognitionError) {
        if let stated = blueprint.expertCount, stated.value != facts.expertCount {
            throw .contradiction(
                "the configuration's \(stated.key) is \(stated.value), but \(quoted(facts.path)) holds \(facts.expertCount) experts"
            )
        }
        let choices = facts.expertCount + blueprint.router.identityExperts
        let router = blueprint.router
        let topK = blueprint.topK ?? .init(key: "top_k", value: router.topK)
        switch router.kind {
        case .all, .unsupported: break
        default:
            guard (1...max(1, choices)).contains(topK.value) else {
                throw .contradiction(
                    "\(topK.key) is \(topK.value), but \(quoted(facts.path)) has \(choices) experts to choose from")
            }
        }
    }

    private func resolveShared(of draft: BankDraft, into bank: inout ResolvedBank) {
        let isStacked = draft.shared.isEmpty
        let members = isStacked ? draft.stackedShared : draft.shared
        guard !members.isEmpty else { return }
        var problem: String?
        // A single shared expert has matrices of its own, several may be stacked.
        let isMatrix =
            members.contains { leaves[$0.leaf].part == .weight && tensors[$0.tensor].shape.count == 2 }
            || members.contains { leaves[$0.leaf].asDenseLayer.part == .weight && tensors[$0.tensor].shape.count == 2 }
        let collection =
            isStacked && !isMatrix
            ? ExpertCollection(stacked: members, tensors: tensors, leaves: leaves, routerRows: { _ in nil })
            : ExpertCollection(members, tensors: tensors, leaves: leaves, problem: &problem)
        let resolver = ExpertResolver(
            choice: .auto, inputSize: bank.hiddenSize, isInterleaved: bank.blueprint.isInterleaved,
            quantization: quantization)
        guard let collection, let shared = resolver.resolve(collection.expert, problem: &problem) else {
            bank.unknown += members.map(\.tensor)
            bank.problem = bank.problem ?? "its shared expert is not understood: \(problem ?? "its tensors differ")"
            return
        }
        bank.shared = shared
        bank.sharedCount = collection.count
        bank.sharedMembers = collection.members
        bank.sharedIsStacked = isStacked && !isMatrix
    }
}
