import MoEFormat

/// Sorts tensors into drafts of MoE layers by their names alone.
///
/// - Complexity: O(total length of the names).
struct BankDrafts {
    var drafts: [BankDraft] = []
    private(set) var leaves: [LeafName] = []
    private var numberOfPath: [ExactName: Int] = [:]
    private var numberOfLeaf: [ExactName: Int] = [:]

    /// Names of the module that holds the routed experts.
    private static let containers: Set<Substring> = [
        "experts", "expert", "local_experts", "deepspeed_experts", "expert_bank", "expert_list", "expert_layers",
        "moe_experts",
        "experts_list", "expert_networks", "routed_experts",
    ]
    /// Names of the module that holds the shared ones.
    static let sharedContainers: Set<Substring> = [
        "shared_experts", "shared_expert", "shared_mlp", "share_expert", "shared_expert_dense", "shared_ffn",
        "shared_expert_mlp",
        "_shared_expert", "_shared_experts",
    ]
    /// Experts that attend are not feed-forward experts.
    private static let attention: Set<Substring> = [
        "self_attention", "self_attn", "attention", "attn", "SelfAttention",
    ]

    init(_ names: [TensorName], shapes: [[Int]]) {
        var rest: [Int] = []
        for (tensor, name) in names.enumerated() {
            guard name.components.count > 1 || name.components.first.map({ $0.hasPrefix("expert") }) == true else {
                rest.append(tensor)
                continue
            }
            if !sortIntoExperts(name, tensor) { rest.append(tensor) }
        }
        joinGroups(rest.lazy.map { (names[$0], shapes[$0]) })
        for tensor in rest { startBareStack(names[tensor], shapes[tensor]) }
        for tensor in rest { sortAside(names[tensor], tensor) }
        for number in drafts.indices {
            drafts[number].settleChildren()
            readOwnVariables(of: number, shapes)
        }
        orderLeaves()
    }

    /// Puts one draft in the place of several.
    mutating func replace(_ replaced: Set<Int>, with joined: [BankDraft]) {
        drafts = drafts.enumerated().filter { !replaced.contains($0.offset) }.map(\.element) + joined
        numberOfPath = [:]
        for (number, draft) in drafts.enumerated() { numberOfPath[ExactName(draft.path)] = number }
    }

    /// Numbers the leaves by their names, so that nothing depends on the order of the tensors.
    private mutating func orderLeaves() {
        let order = leaves.indices.sorted { leaves[$0].key < leaves[$1].key }
        var rank = [Int](repeating: 0, count: leaves.count)
        for (position, number) in order.enumerated() { rank[number] = position }
        leaves = order.map { leaves[$0] }
        for number in drafts.indices { drafts[number].renumberLeaves(rank) }
    }

    private mutating func draft(_ path: Substring) -> Int {
        let key = ExactName(path)
        if let number = numberOfPath[key] { return number }
        numberOfPath[key] = drafts.count
        drafts.append(BankDraft(path: String(path)))
        return drafts.count - 1
    }

    private mutating func leaf(_ name: TensorName, from start: Int) -> Int {
        let text = ExactName(name.suffix(from: start))
        if let number = numberOfLeaf[text] { return number }
        numberOfLeaf[text] = leaves.count
        leaves.append(LeafName(name.components[min(start, name.components.count)...]))
        return leaves.count - 1
    }

    /// Reads names with a container of experts, or with a numbered expert, in them.
    private mutating func sortIntoExperts(_ name: TensorName, _ tensor: Int) -> Bool {
        let components = name.components
        for (position, component) in components.dropLast().enumerated() {
            if Self.attention.contains(component) { return false }
            if Self.sharedContainers.contains(component) { return false }
            if let expert = Self.numberedExpert(component) {
                let bank = draft(name.prefix(position))
                drafts[bank].experts.append(.init(expert: expert, leaf: leaf(name, from: position + 1), tensor: tensor))
                return true
            }
            guard Self.containers.contains(component) else { continue }
            let bank = draft(name.prefix(position))
            var start = position + 1
            while start + 1 < components.count, Self.containers.contains(components[start]) { start += 1 }
            let child = components[start]
            if let expert = decimal(child) ?? Self.numberedExpert(child), start + 1 < components.count {
                drafts[bank].experts.append(.init(expert: expert, leaf: leaf(name, from: start + 1), tensor: tensor))
            } else if SideNames.isBesideExperts(components[start...]) {
                drafts[bank].sides.append(.init(expert: 0, leaf: leaf(name, from: start), tensor: tensor))
            } else if name.isKerasVariable, child != "vars" {
                drafts[bank].children.append((child, leaf(name, from: start + 1), leaf(name, from: start), tensor))
            } else if child.hasPrefix("shared_") {
                let own = Self.withoutSharedPrefix(components[start...])
                drafts[bank].stackedShared.append(.init(expert: 0, leaf: intern(own), tensor: tensor))
            } else {
                drafts[bank].stacked.append(.init(expert: 0, leaf: leaf(name, from: start), tensor: tensor))
            }
            return true
        }
        return false
    }

    /// The number in `expert_3`, `expert3` or `expert-3`.
    private static func numberedExpert(_ component: Substring) -> Int? {
        guard component.hasPrefix("expert") else { return nil }
        let tail = component.dropFirst(6)
        return decimal(tail.first == "_" || tail.first == "-" ? tail.dropFirst() : tail)
    }

    private static func withoutSharedPrefix(_ components: ArraySlice<Substring>) -> LeafName {
        var own = Array(components)
        own[0] = own[0].dropFirst("shared_".count)
        return LeafName(own[...])
    }

    mutating func intern(_ leaf: LeafName) -> Int {
        if let number = leaves.firstIndex(of: leaf) { return number }
        leaves.append(leaf)
        return leaves.count - 1
    }

    /// Starts a draft for stacked experts that lie in the layer itself, as Granite's `block_sparse_moe.input_linear.weight`.
    private mutating func startBareStack(_ name: TensorName, _ shape: [Int]) {
        guard shape.count >= 2, shape[0] > 1, !name.components.contains(where: { Self.attention.contains($0) }) else {
            return
        }
        if name.isKerasVariable {
            // Variables of the layer itself: their shapes decide later.
            if shape.count == 3 { _ = draft(name.prefix(name.components.count - 2)) }
            return
        }
        let leaf = LeafName(name.components[max(0, name.components.count - 2)...])
        let isOwnComponent = name.components.last == "weight" || name.components.last == "kernel"
        guard leaf.part == .weight, let last = leaf.projection.split(separator: ".").last,
            ExpertLayout.isStack(String(last), shape)
        else { return }
        let path = name.prefix(name.components.count - (isOwnComponent ? 2 : 1))
        _ = draft(path)
    }

    /// Gives a tensor to the nearest layer above it: as a shared expert's, a bare stacked one, or a router's.
    private mutating func sortAside(_ name: TensorName, _ tensor: Int) {
        let components = name.components
        for depth in stride(from: components.count - 1, through: max(0, components.count - 6), by: -1) {
            if let bank = numberOfPath[ExactName(name.prefix(depth))] {
                sort(name, below: depth, tensor, into: bank)
                return
            }
            // A sibling of the layer's module: `shared_mlp` beside `block_sparse_moe`, `moe.router` beside `mlp`.
            if depth < components.count - 1, SideNames.mayStandBeside(components[depth...]),
                let bank = child(of: name.prefix(depth))
            {
                sort(name, below: depth, tensor, into: bank)
                return
            }
        }
    }

    private lazy var childOfPath: [ExactName: Int?] = {
        var children: [ExactName: Int?] = [:]
        for (number, draft) in drafts.enumerated() {
            // What lies beside two kinds of experts is given to the first; the second borrows it.
            guard let dot = draft.path.lastIndex(of: "."), !draft.holdsVisionExperts else { continue }
            let parent = ExactName(draft.path[..<dot])
            children[parent] = children.keys.contains(parent) ? .some(nil) : number
        }
        return children
    }()

    /// The one layer directly below a path.
    private mutating func child(of path: Substring) -> Int? { childOfPath[ExactName(path)] ?? nil }

    private mutating func sort(_ name: TensorName, below depth: Int, _ tensor: Int, into bank: Int) {
        let components = name.components
        guard depth < components.count else { return }
        if let groups = drafts[bank].groups, components[depth] == groups.container, depth + 2 < components.count,
            let group = decimal(components[depth + 1]), group < groups.count
        {
            drafts[bank].sides.append(.init(expert: 0, leaf: leaf(name, from: depth + 2), tensor: tensor, group: group))
        } else if Self.sharedContainers.contains(components[depth]), depth + 1 < components.count {
            if let index = decimal(components[depth + 1]), depth + 2 < components.count {
                drafts[bank].shared.append(.init(expert: index, leaf: leaf(name, from: depth + 2), tensor: tensor))
            } else if components[depth + 1].hasPrefix("shared_w") {
                let own = Self.withoutSharedPrefix(components[(depth + 1)...])
                drafts[bank].stackedShared.append(.init(expert: 0, leaf: intern(own), tensor: tensor))
            } else {
                drafts[bank].stackedShared.append(.init(expert: 0, leaf: leaf(name, from: depth + 1), tensor: tensor))
            }
        } else {
            drafts[bank].sides.append(.init(expert: 0, leaf: leaf(name, from: depth), tensor: tensor))
        }
    }
}
