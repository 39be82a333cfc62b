extension BankDrafts {
    /// Reads a Keras layer that keeps router and stacked experts as variables of its own: `moe/vars/0`, `moe/vars/1`, ….
    ///
    /// Two or more variables with the same leading dimension and two more are the experts' matrices; [·, E] and [E] before or
    /// behind them are the router's kernel and bias.
    mutating func readOwnVariables(of number: Int, _ shapes: [[Int]]) {
        guard drafts[number].experts.isEmpty, drafts[number].stacked.isEmpty else { return }
        var own: [(index: Int, member: BankDraft.Member)] = []
        for member in drafts[number].sides where leaves[member.leaf].projection.isEmpty {
            if case .variable(let index) = leaves[member.leaf].part { own.append((index, member)) }
        }
        own.sort { $0.index < $1.index }
        let deep = own.filter { shapes[$0.member.tensor].count == 3 }
        guard deep.count >= 2, let first = deep.first, let count = shapes[first.member.tensor].first, count > 1,
            deep.allSatisfy({ shapes[$0.member.tensor][0] == count })
        else { return }
        var aside: [BankDraft.Member] = []
        for (index, member) in own {
            let shape = shapes[member.tensor]
            if index >= first.index, shape.count >= 2, shape[0] == count, index <= (deep.last?.index ?? 0) + 1 {
                drafts[number].stacked.append(member)
            } else {
                var router = member
                switch shape.count {
                case 2 where shape.contains(count):
                    router.leaf = intern(LeafName(projection: "router", part: .weight, isKernel: true))
                case 1 where shape[0] == count: router.leaf = intern(LeafName(projection: "router", part: .bias))
                default: break
                }
                aside.append(router)
            }
        }
        let taken = Set(own.map(\.member.tensor))
        drafts[number].sides.removeAll { taken.contains($0.tensor) }
        drafts[number].sides += aside
    }
}
