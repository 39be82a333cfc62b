import MoEFormat

/// The tensors beside a layer's experts: its router and what else the layer needs.
struct SideTensors {
    private struct Side {
        let tensor: Int
        let shape: [Int]
        let leaf: LeafName
        let meaning: SideNames.Meaning?
        let group: Int?
    }

    private let sides: [Side]

    /// The groups of a layer whose groups have a gate each, nil for any other.
    private let groups: BankDraft.Groups?

    init(_ members: [BankDraft.Member], groups: BankDraft.Groups?, tensors: [SourceTensor], leaves: [LeafName]) {
        let hasGroups = members.contains { SideNames.meaning(of: leaves[$0.leaf]) == .groupRouter }
        let hasGates = members.contains { $0.group != nil && SideNames.meaning(of: leaves[$0.leaf]) == .router }
        self.groups = hasGates ? groups : nil
        sides = members.sorted { ($0.leaf, $0.tensor) < ($1.leaf, $1.tensor) }.map {
            let meaning = SideNames.meaning(of: leaves[$0.leaf])
            return Side(
                tensor: $0.tensor, shape: Self.shape(tensors[$0.tensor].shape, hasGroups: hasGroups),
                leaf: leaves[$0.leaf],
                meaning: hasGates ? meaning?.amongGates(ofGroup: $0.group != nil) : meaning, group: $0.group)
        }
    }

    /// The shape as a matrix: second gates of a hierarchical router, [groups, experts a group, hidden], have a row an expert.
    private static func shape(_ shape: [Int], hasGroups: Bool) -> [Int] {
        guard hasGroups, shape.count == 3 else { return shape }
        let (rows, overflow) = shape[0].multipliedReportingOverflow(by: shape[1])
        return overflow ? shape : [rows, shape[2]]
    }

    /// The number of rows of the one router for inputs of that length.
    func rows(fitting inputSize: Int) -> Int? {
        let rows = sides.filter { $0.meaning == .router && $0.shape.count == 2 }.compactMap { side -> Int? in
            side.shape[1] == inputSize ? side.shape[0] : side.shape[0] == inputSize ? side.shape[1] : nil
        }
        return rows.count == 1 ? rows[0] : nil
    }

    /// The length of what experts see behind a projection into a smaller space: [latent, hidden].
    var latentSize: Int? {
        sides.first { $0.meaning == .preProjection && $0.shape.count == 2 }?.shape[0]
    }

    /// Gives the layer's router block its tensors, each confirmed by its shape.
    ///
    /// - Returns: the length of the router's input; nil when no router fits.
    func place(into bank: inout ResolvedBank) -> Int? {
        let rows = bank.expertCount + bank.blueprint.extraRows
        let hidden = groups.map { placeGates($0, into: &bank) } ?? placeRouter(rows: rows, into: &bank)
        // Where experts lie in the layer of the model itself, attention and norms are their neighbours.
        let isOwnModule = bank.path.split(separator: ".").last.map { decimal($0) == nil } ?? true
        let hasSelectionBias = sides.contains { $0.meaning == .selectionBias }
        for side in sides where side.meaning != .router || hidden == nil {
            let ownRows = side.group == nil ? rows : groups?.size ?? rows
            guard let hidden, var found = place(side, rows: ownRows, hidden: hidden, bank, hasSelectionBias) else {
                if side.meaning != .outputNorm, isOwnModule || side.meaning != nil { bank.unknown.append(side.tensor) }
                if side.meaning == .strangeBias {
                    bank.problem = bank.problem ?? "\(quoted(side.leaf.projection)) has a bias, which is not described"
                }
                if let group = side.group, side.shape.count > 1 {
                    bank.problem =
                        bank.problem ?? "\(quoted(side.leaf.projection)) of its group \(group) is not understood"
                }
                if bank.isStacked, isOwnModule, bank.blueprint.router.kind != .unsupported, side.meaning == nil,
                    side.shape.count > 1, side.shape[0] == bank.expertCount, bank.expertCount > 1
                {
                    bank.problem =
                        bank.problem
                        ?? "\(quoted(side.leaf.projection)) may belong to its experts, but no layout knows it"
                }
                continue
            }
            found.group = side.group
            if bank.router.contains(where: { $0.role == found.role && $0.group == found.group }) {
                bank.problem = bank.problem ?? "more than one tensor may be its \(found.role.name)"
                bank.unknown.append(side.tensor)
                continue
            }
            if found.role == .sharedGateWeight || found.role == .sharedGateBias {
                bank.sharedSides.append(found)
            } else {
                bank.router.append(found)
            }
        }
        if let groups { checkGates(groups, of: &bank) }
        return hidden
    }

    /// Places the layer's one router.
    private func placeRouter(rows: Int, into bank: inout ResolvedBank) -> Int? {
        let routers = sides.filter { $0.meaning == .router && $0.shape.count == 2 && $0.shape.contains(rows) }
        var hidden: Int?
        if routers.count > 1 {
            bank.problem = "more than one tensor may be its router"
        } else if let router = routers.first {
            let orientation = Self.orientation(router, outputs: rows)
            hidden = orientation == .rowsAreOutputs ? router.shape[1] : router.shape[0]
            bank.router.append(.init(tensor: router.tensor, role: .routerWeight, orientation: orientation))
        } else if let other = sides.first(where: { $0.meaning == .router && $0.shape.count == 2 }) {
            bank.problem = "its router has the shape [\(other.shape[0]), \(other.shape[1])] for \(rows) experts"
        } else {
            bank.problem = "it has no router tensor"
        }
        return hidden
    }

    /// Places the second gates of a hierarchical router, one a group.
    private func placeGates(_ groups: BankDraft.Groups, into bank: inout ResolvedBank) -> Int? {
        bank.groupSize = groups.size
        let gates = sides.filter { $0.meaning == .router && $0.shape.count == 2 && $0.shape.contains(groups.size) }
        guard gates.count == groups.count, Set(gates.map(\.group)).count == groups.count, bank.blueprint.extraRows == 0
        else {
            bank.problem = "not each of its \(groups.count) groups has one router of \(groups.size) experts"
            return nil
        }
        let placed = gates.map { gate in
            ResolvedBank.Side(
                tensor: gate.tensor, role: .routerWeight, orientation: Self.orientation(gate, outputs: groups.size),
                group: gate.group)
        }
        let inputs = zip(gates, placed).map { $1.orientation == .rowsAreOutputs ? $0.shape[1] : $0.shape[0] }
        guard Set(inputs).count == 1 else {
            bank.problem = "the routers of its groups take inputs of different lengths"
            return nil
        }
        bank.router += placed
        return inputs.first
    }

    /// What speaks against the gates of the groups when everything is placed.
    private func checkGates(_ groups: BankDraft.Groups, of bank: inout ResolvedBank) {
        if !bank.router.contains(where: { $0.role == .groupRouterWeight }) {
            bank.problem = bank.problem ?? "no tensor is the router that chooses among its \(groups.count) groups"
        }
        for role in Role.ofSecondGate.sorted(by: { $0.rawValue < $1.rawValue }) {
            let owners = Set(bank.router.filter { $0.role == role }.map(\.group))
            if !owners.isEmpty, owners.count != groups.count {
                bank.problem = bank.problem ?? "\(role.name) is there for \(owners.count) of its \(groups.count) groups"
            }
        }
    }

    private func place(_ side: Side, rows: Int, hidden: Int, _ bank: ResolvedBank, _ hasSelectionBias: Bool)
        -> ResolvedBank.Side?
    {
        guard let meaning = side.meaning else { return nil }
        let count = side.shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        func vector(_ length: Int, _ role: Role) -> ResolvedBank.Side? {
            count == length ? .init(tensor: side.tensor, role: role, orientation: .none) : nil
        }
        func matrix(_ outputs: Int?, _ inputs: Int?, _ role: Role) -> ResolvedBank.Side? {
            guard side.shape.count == 2 else { return nil }
            func fits(_ a: Int, _ b: Int) -> Bool { (outputs == nil || a == outputs) && (inputs == nil || b == inputs) }
            let ways = [fits(side.shape[0], side.shape[1]), fits(side.shape[1], side.shape[0])]
            guard ways[0] || ways[1] else { return nil }
            let prefersInputs = Self.prefersInputs(side.leaf)
            let orientation: Orientation = ways[0] && (!ways[1] || !prefersInputs) ? .rowsAreOutputs : .rowsAreInputs
            return .init(tensor: side.tensor, role: role, orientation: orientation)
        }
        switch meaning {
        case .router: return nil
        case .routerBias: return vector(rows, .routerBias)
        case .eitherBias:
            let isSelection = bank.blueprint.routerBiasIsForSelection && !hasSelectionBias
            return isSelection
                ? vector(rows, .selectionBias) ?? vector(bank.expertCount, .selectionBias) : vector(rows, .routerBias)
        case .selectionBias: return vector(rows, .selectionBias) ?? vector(bank.expertCount, .selectionBias)
        case .noise: return matrix(rows, hidden, .routerNoiseWeight)
        case .inputScale: return vector(hidden, .routerInputScale)
        case .perExpertScale: return vector(bank.expertCount, .perExpertScale)
        case .globalScale: return vector(1, .routerGlobalScale)
        case .tokenTable:
            return side.shape.count == 2 ? .init(tensor: side.tensor, role: .tokenExpertTable, orientation: .none) : nil
        case .outputBias: return vector(hidden, .outputBias)
        case .groupRouter: return matrix(groups?.count, hidden, .groupRouterWeight)
        case .groupNoise: return matrix(groups?.count, hidden, .groupRouterNoiseWeight)
        case .preProjection: return matrix(nil, hidden, .preProjection)
        case .postProjection: return matrix(hidden, nil, .postProjection)
        case .preProjectionBias: return latentSize.flatMap { vector($0, .preProjectionBias) }
        case .postProjectionBias: return latentSize == nil ? nil : vector(hidden, .postProjectionBias)
        case .sharedGate: return matrix(1, hidden, .sharedGateWeight)
        case .sharedGateBias: return vector(1, .sharedGateBias)
        case .latentNorm:
            return bank.blueprint.latentNorm == nil ? nil : vector(latentSize ?? hidden, .latentNormWeight)
        case .expertNorm:
            return bank.blueprint.expertNorm == nil ? nil : vector(latentSize ?? hidden, .expertNormWeight)
        case .strangeBias: return nil
        case .outputNorm: return bank.blueprint.outputNorm == nil ? nil : vector(hidden, .outputNormWeight)
        }
    }

    private static func prefersInputs(_ leaf: LeafName) -> Bool {
        leaf.isKernel || leaf.projection.hasPrefix("w_")
    }

    private static func orientation(_ side: Side, outputs rows: Int) -> Orientation {
        switch (side.shape[0] == rows, side.shape[1] == rows) {
        case (true, false): .rowsAreOutputs
        case (false, true): .rowsAreInputs
        default: prefersInputs(side.leaf) ? .rowsAreInputs : .rowsAreOutputs
        }
    }
}
