import MoEFormat

extension BankDrafts {
    /// Names of modules whose numbered children hold the experts of a group each.
    private static let groupContainers: Set<Substring> = ["groups", "expert_groups", "experts_groups", "moe_groups"]

    /// The drafts of one layer's groups, by the groups' numbers.
    private struct Candidate {
        var container: String
        var drafts: [Int: Int] = [:]
        var hasFirstGate = false
    }

    /// Makes one layer of the groups behind a gate that chooses among them: Shazeer et al. 2017, appendix B.
    ///
    /// Groups are numbered from 0 without a gap, and beside them lies a gate with an output for each. Expert *e* of group *g*
    /// becomes expert *g* · (experts a group) + *e*.
    ///
    /// - Parameter beside: the tensors that are no expert's.
    mutating func joinGroups(_ beside: some Sequence<(TensorName, [Int])>) {
        var candidates = candidates()
        guard !candidates.isEmpty else { return }
        for (name, shape) in beside where shape.count == 2 {
            let count = name.components.count
            for depth in max(0, count - 3)..<count {
                let path = ExactName(name.prefix(depth))
                guard let groups = candidates[path]?.drafts.count, shape.contains(groups) else { continue }
                let meaning = SideNames.meaning(of: LeafName(name.components[depth...]))
                if meaning == .router || meaning == .groupRouter {
                    candidates[path]?.hasFirstGate = true
                }
            }
        }
        var replaced: Set<Int> = []
        var joined: [BankDraft] = []
        for (path, candidate) in candidates where candidate.hasFirstGate {
            guard let draft = draft(joining: candidate, at: path.text) else { continue }
            joined.append(draft)
            replaced.formUnion(candidate.drafts.values)
        }
        replace(replaced, with: joined)
    }

    /// Layers whose experts lie in groups, by the path of the layer: one container of groups each, and no experts beside it.
    private func candidates() -> [ExactName: Candidate] {
        var candidates: [ExactName: Candidate?] = [:]
        for (number, draft) in drafts.enumerated() {
            let components = draft.path.split(separator: ".")
            guard components.count >= 2, let group = decimal(components[components.count - 1]) else { continue }
            let container = components[components.count - 2]
            guard Self.groupContainers.contains(container) else { continue }
            let path = ExactName(components.dropLast(2).joined(separator: "."))
            var candidate = candidates[path] ?? Candidate(container: String(container))
            candidate?.drafts[group] = number
            candidates[path] = candidate?.container == String(container) ? candidate : .some(nil)
        }
        for draft in drafts { candidates[ExactName(draft.path)] = nil }
        return candidates.compactMapValues(\.self)
    }

    private func draft(joining candidate: Candidate, at path: String) -> BankDraft? {
        var joined = BankDraft(path: path)
        var groups: [BankDraft] = []
        for group in 0..<candidate.drafts.count {
            guard let number = candidate.drafts[group] else { return nil }
            let draft = drafts[number]
            guard !draft.experts.isEmpty, draft.stacked.isEmpty, draft.children.isEmpty, draft.sides.isEmpty,
                draft.stackedShared.isEmpty
            else { return nil }
            groups.append(draft)
        }
        guard let last = groups.lazy.flatMap(\.experts).map(\.expert).max(), last < Limits.experts else { return nil }
        let size = last + 1
        guard groups.count <= Limits.experts / size else { return nil }
        joined.groups = .init(container: candidate.container, count: groups.count, size: size)
        for (group, draft) in groups.enumerated() {
            joined.experts += draft.experts.map {
                .init(expert: group * size + $0.expert, leaf: $0.leaf, tensor: $0.tensor)
            }
        }
        return joined
    }
}
