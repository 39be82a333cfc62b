import MoEFormat

/// The experts of a layer, all with the same tensors of the same shapes.
struct ExpertCollection {
    let count: Int
    /// Ordered by expert, then by leaf.
    let members: [BankDraft.Member]
    /// The tensors that each of them has.
    let expert: ExpertShapes

    /// Per-expert tensors: experts are numbered from 0 without a gap, and alike.
    init?(_ unordered: [BankDraft.Member], tensors: [SourceTensor], leaves: [LeafName], problem: inout String?) {
        let members = unordered.sorted { ($0.expert, $0.leaf, $0.tensor) < ($1.expert, $1.leaf, $1.tensor) }
        guard let first = members.first else { return nil }
        guard first.expert == 0 else {
            problem = "its experts begin at number \(first.expert)"
            return nil
        }
        let width = members.prefix { $0.expert == 0 }.count
        let count = members.count / width
        for (position, member) in members.enumerated() {
            let model = members[position % width]
            guard member.expert == position / width, member.leaf == model.leaf else {
                problem = "its experts are not complete: look at expert \(min(member.expert, position / width))"
                return nil
            }
            guard tensors[member.tensor].shape == tensors[model.tensor].shape else {
                problem =
                    "\(quoted(tensors[member.tensor].name)) has another shape than \(quoted(tensors[model.tensor].name))"
                return nil
            }
        }
        guard members.count % width == 0, count <= Limits.experts else {
            problem = "its experts are not complete: look at expert \(count)"
            return nil
        }
        for (a, b) in zip(members.prefix(width), members.prefix(width).dropFirst()) where a.leaf == b.leaf {
            problem = "two tensors have the place of \(quoted(tensors[a.tensor].name))"
            return nil
        }
        self.count = count
        self.members = members
        expert = ExpertShapes(
            leaves: members.prefix(width).map {
                .init(
                    number: $0.leaf, name: leaves[$0.leaf].asDenseLayer, dtype: tensors[$0.tensor].dtype,
                    shape: tensors[$0.tensor].shape)
            })
    }

    /// Tensors that hold all experts: a leading dimension for the experts, or rows of all experts one below the other.
    ///
    /// - Parameters:
    ///   - idle: how many more a tensor with a dimension for the experts may hold, of experts that have no weights elsewhere.
    ///   - routerRows: the number of experts that a router shows for inputs of that length.
    init?(
        stacked: [BankDraft.Member], tensors: [SourceTensor], leaves: [LeafName], isFlat mustBeFlat: Bool = false,
        idle: Int = 0,
        routerRows: (Int) -> Int?
    ) {
        let members = stacked.sorted { ($0.leaf, $0.tensor) < ($1.leaf, $1.tensor) }
        func shape(_ member: BankDraft.Member) -> [Int] { tensors[member.tensor].shape }
        func isWeight(_ member: BankDraft.Member) -> Bool {
            switch leaves[member.leaf].part {
            case .weight, .variable: shape(member).count >= 2
            case .blocks: true
            default: false
            }
        }
        guard zip(members, members.dropFirst()).allSatisfy({ $0.leaf != $1.leaf }) else { return nil }
        let weights = members.filter(isWeight)
        let count: Int
        var isFlat = false
        if !mustBeFlat, let fewest = weights.lazy.map(shape).filter({ $0.count >= 3 }).map({ $0[0] }).min() {
            count = fewest
            let isFull = { (member: BankDraft.Member) in
                shape(member).first == count || shape(member).count >= 3 && shape(member)[0] - count == idle
            }
            guard members.allSatisfy(isFull) else { return nil }
        } else {
            // [E·F, H]: the router tells E.
            guard let first = weights.first,
                let rows = ExpertLayout.rowsAreExperts(leaves[first.leaf].projection)
                    ? shape(first)[0] : routerRows(shape(first).last ?? 0), rows > 0,
                members.allSatisfy({ (shape($0).first ?? 0) % rows == 0 && isWeight($0) })
            else { return nil }
            count = rows
            isFlat = true
        }
        guard (1...Limits.experts).contains(count) else { return nil }
        self.count = count
        self.members = members
        expert = ExpertShapes(
            leaves: members.map { member in
                let whole = shape(member)
                let own = isFlat ? [whole[0] / count] + whole.dropFirst() : Array(whole.dropFirst())
                let leaf = leaves[member.leaf]
                return .init(
                    number: member.leaf, name: leaf.projection.isEmpty ? leaf : leaf.asDenseLayer,
                    dtype: tensors[member.tensor].dtype, shape: own)
            })
    }
}
