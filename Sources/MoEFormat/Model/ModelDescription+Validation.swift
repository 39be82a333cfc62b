extension ModelDescription {
    /// Checks that layers, routers and functions fit each other and the banks: rules R22 to R24.
    package func validate(expertCounts: [Int]) throws(FormatError) {
        guard layers.count == expertCounts.count else {
            throw .broken(.modelLayers, "the model description has \(layers.count) layers for \(expertCounts.count) banks")
        }
        for (bank, layer) in layers.enumerated() {
            let path = "layers[\(bank)]"
            guard routers.indices.contains(layer.router) else {
                throw .broken(.modelLayers, "model description: \(path).router is \(layer.router) of \(routers.count)")
            }
            guard functions.indices.contains(layer.function) else {
                throw .broken(.modelLayers, "model description: \(path).expert_function is \(layer.function) of \(functions.count)")
            }
            if let shared = layer.shared, !functions.indices.contains(shared.function) {
                throw .broken(.modelLayers, "model description: \(path).shared.expert_function is \(shared.function) of \(functions.count)")
            }
            guard layer.expertSize > 0 || ![.mlp, .gated].contains(functions[layer.function].kind) else {
                throw .broken(.modelLayers, "model description: \(path).expert_size is 0")
            }
            try routers[layer.router].validate(experts: expertCounts[bank], path: "routers[\(layer.router)]")
        }
    }
}

extension RouterDescription {
    /// Checks the numbers of a router against the experts it chooses from.
    func validate(experts: Int, path: String) throws(FormatError) {
        let choices = experts + identityExperts
        switch kind {
        case .unsupported, .all: break
        case .hash, .topK, .expertChoice:
            guard topK >= 1, topK <= choices else {
                throw .broken(.topK, "model description: \(path).top_k is \(topK) with \(choices) experts")
            }
        case .hierarchical:
            guard groupSize >= 1, experts % groupSize == 0 else {
                throw .broken(.groups, "model description: \(path).group_size \(groupSize) does not divide \(experts) experts")
            }
            guard topK >= 1, topK <= groupSize, groupTopK >= 1, groupTopK <= experts / groupSize else {
                throw .broken(.topK, "model description: \(path) chooses \(groupTopK) groups and \(topK) experts of \(groupSize)")
            }
        }
        if score == .sparsemixer, kind == .topK, topK > 2 {
            throw .broken(.topK, "model description: \(path).top_k is \(topK); sparsemixer chooses at most 2")
        }
        if let groups {
            guard groups.count >= 1, choices % groups.count == 0 else {
                throw .broken(.groups, "model description: \(path).groups.count \(groups.count) does not divide \(choices) experts")
            }
            let size = choices / groups.count
            // Where the others' scores become 0, they can still be chosen.
            let fills = groups.fill == .zero || groups.kept * size >= topK
            guard groups.kept >= 1, groups.kept <= groups.count, fills else {
                throw .broken(.groups, "model description: \(path).groups.kept is \(groups.kept) of \(groups.count), for \(topK) of \(size) experts a group")
            }
            guard groups.score != .sumOfTop2 || size >= 2 else {
                throw .broken(.groups, "model description: \(path).groups.score needs two experts a group")
            }
        }
    }
}
