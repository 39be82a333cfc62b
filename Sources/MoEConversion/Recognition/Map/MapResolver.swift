import MoEFormat

/// Makes MoE layers of the tensors that a map's patterns name.
struct MapResolver {
    let tensors: [SourceTensor]
    let entries: [TensorMap.Entry]
    let blueprint: (BankFacts) throws(RecognitionError) -> LayerBlueprint
    let quantization: QuantizationSettings

    /// The tensors of one layer by the map's entries: a member's leaf is its entry's number.
    private struct Group {
        var path: String
        var layer: Int?
        var experts: [BankDraft.Member] = []
        var stacked: [BankDraft.Member] = []
        var shared: [BankDraft.Member] = []
        var sides: [ResolvedBank.Side] = []
    }

    /// - Throws: `RecognitionError` of kind usage when the map does not fit the tensors.
    func banks(_ names: [TensorName]) throws(RecognitionError) -> [ResolvedBank] {
        var groups: [ExactName: Group] = [:]
        for (tensor, name) in names.enumerated() {
            guard let (entry, values) = firstMatch(name), let role = entries[entry].role else { continue }
            let path = ExactName(NamePattern.fill(entries[entry].bank, values))
            var group = groups[path] ?? Group(path: path.text.isEmpty ? "model" : path.text)
            group.layer = values[.layer] ?? group.layer
            let member = BankDraft.Member(expert: values[.expert] ?? values[.shared] ?? 0, leaf: entry, tensor: tensor)
            if entries[entry].pattern.placeholders.contains(.expert) {
                group.experts.append(member)
            } else if entries[entry].isStacked {
                group.stacked.append(member)
            } else if role.unshared != role || entries[entry].pattern.placeholders.contains(.shared) {
                group.shared.append(member)
            } else {
                let isMatrix = tensors[tensor].shape.count >= 2 && role != .tokenExpertTable && role != .selectionBias
                group.sides.append(
                    .init(tensor: tensor, role: role, orientation: isMatrix ? entries[entry].orientation : .none))
            }
            groups[path] = group
        }
        var banks: [ResolvedBank] = []
        let ordered = groups.values.sorted { naturallyPrecedes($0.path, $1.path) }
        for (group, number) in zip(ordered, LayerNumber.numbers(of: ordered.map(\.path))) {
            var group = group
            group.layer = group.layer ?? number
            banks.append(try bank(group))
        }
        return banks
    }

    private func firstMatch(_ name: TensorName) -> (Int, NamePattern.Values)? {
        for (number, entry) in entries.enumerated() {
            if let values = entry.pattern.match(name) { return (number, values) }
        }
        return nil
    }

    /// Leaf names that tell an expert's tensors apart by their entries.
    private var leaves: [LeafName] { entries.map { LeafName(projection: ($0.role ?? .other).name, part: .weight) } }

    private func bank(_ group: Group) throws(RecognitionError) -> ResolvedBank {
        let isStacked = group.experts.isEmpty
        let (collection, expert) = try experts(
            isStacked ? group.stacked : group.experts, isStacked: isStacked, in: group)
        let facts = BankFacts(path: group.path, layer: group.layer ?? -1, expertCount: collection.count)
        let blueprint = try blueprint(facts)
        try BankResolver.check(blueprint, facts)
        let router = group.sides.first { $0.role == .routerWeight }
        let hidden =
            router.map { MatrixShape(tensors[$0.tensor].shape)?.inputs($0.orientation) ?? 0 } ?? expert.inputSize
        var bank = ResolvedBank(
            path: group.path, layer: group.layer ?? -1, expertCount: collection.count, expert: expert,
            experts: collection.members, isStacked: isStacked, hiddenSize: hidden, blueprint: blueprint)
        bank.router = group.sides.filter { $0.role != .sharedGateWeight && $0.role != .sharedGateBias }
        if blueprint.router.kind == .hierarchical { orderByGroup(&bank.router) }
        bank.sharedSides = group.sides.filter { $0.role == .sharedGateWeight || $0.role == .sharedGateBias }
        if router == nil { bank.problem = "the map gives it no router_weight" }
        guard hidden > 0 else { throw .usage("the map: the router_weight of \(quoted(group.path)) is not a matrix") }
        if !group.shared.isEmpty {
            let (collection, shared) = try experts(group.shared, isStacked: false, in: group)
            bank.shared = shared
            bank.sharedCount = collection.count
            bank.sharedMembers = collection.members
        }
        return bank
    }

    /// Tensors of one role are the groups' in the natural order of their names.
    private func orderByGroup(_ sides: inout [ResolvedBank.Side]) {
        sides.sort { naturallyPrecedes(tensors[$0.tensor].name, tensors[$1.tensor].name) }
        var next: [Role: Int] = [:]
        for index in sides.indices where Role.ofSecondGate.contains(sides[index].role) {
            sides[index].group = next[sides[index].role, default: 0]
            next[sides[index].role, default: 0] += 1
        }
    }

    private func experts(_ members: [BankDraft.Member], isStacked: Bool, in group: Group) throws(RecognitionError) -> (
        ExpertCollection, ResolvedExpert
    ) {
        guard !members.isEmpty else { throw .usage("the map gives \(quoted(group.path)) no tensors of experts") }
        var problem: String?
        let stated = members.lazy.compactMap { entries[$0.leaf].experts }.first
        let collection =
            isStacked
            ? ExpertCollection(stacked: members, tensors: tensors, leaves: leaves, isFlat: stated != nil) { _ in stated
            }
            : ExpertCollection(members, tensors: tensors, leaves: leaves, problem: &problem)
        guard let collection else {
            throw .usage(
                "the map does not fit \(quoted(group.path)): \(problem ?? "its stacked tensors do not have the same number of experts")"
            )
        }
        var by: [Role: ExpertShapes.Leaf] = [:]
        for leaf in collection.expert.leaves {
            guard let role = entries[leaf.number].role?.unshared, role != .scale else { continue }
            guard by.updateValue(leaf, forKey: role) == nil else {
                throw .usage("the map gives \(quoted(group.path)) two tensors of the role \(role.name)")
            }
        }
        let expert = try MappedExpert(by, entries: entries, path: group.path).resolved
        var resolved = expert
        for leaf in collection.expert.leaves {
            let entry = entries[leaf.number]
            let role = entry.role?.unshared ?? .other
            var part = ResolvedExpert.Part(
                role: role, orientation: leaf.shape.count == 2 && role != .scale ? entry.orientation : .none)
            if let scale = collection.expert.leaves.first(where: {
                entries[$0.number].scaled?.unshared == role && role != .scale
            }),
                let matrix = MatrixShape(leaf.shape), let scheme = quantization.scheme(matrix, leaf, scale)
            {
                part.scaleLeaf = scale.number
                part.scheme = scheme
            }
            resolved.parts[leaf.number] = part
        }
        return (collection, resolved)
    }
}
