extension Role {
    /// What belongs to the gate that scores experts: behind a first gate it may lie in one part a group.
    package static let ofSecondGate: Set<Role> = [.routerWeight, .routerBias, .routerNoiseWeight]
}

extension RouterDescription {
    /// The parts that a role of the second gate may lie in instead of one: a group's rows each, in the order of the groups.
    ///
    /// 1 unless the router is hierarchical; rows beyond those of the groups have no group to lie with.
    package func gateParts(experts: Int) -> Int {
        guard kind == .hierarchical, groupSize > 0, experts % groupSize == 0, identityExperts == 0, sharedInRouter == 0
        else { return 1 }
        return max(1, experts / groupSize)
    }
}
