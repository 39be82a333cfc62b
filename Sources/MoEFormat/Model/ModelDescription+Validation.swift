extension ModelDescription {
    /// Checks that layers, routers and functions fit each other and the banks: rules R22 to R24.
    package func validate(expertCounts: [Int]) throws(FormatError) {
        guard layers.count == expertCounts.count else {
            throw .broken(
                .modelLayers, "the model description has \(layers.count) layers for \(expertCounts.count) banks")
        }
        // Neighbours share a router as a rule: it is checked again only where it chooses from another number of experts.
        var checked: (router: Int, experts: Int) = (-1, -1)
        var used = [Bool](repeating: false, count: routers.count)
        for (bank, layer) in layers.enumerated() {
            var path: String { "layer of bank \(bank)" }
            guard routers.indices.contains(layer.router) else {
                throw .broken(.modelLayers, "model description: \(path): router is \(layer.router) of \(routers.count)")
            }
            guard functions.indices.contains(layer.function) else {
                throw .broken(
                    .modelLayers,
                    "model description: \(path): expert_function is \(layer.function) of \(functions.count)")
            }
            if let shared = layer.shared, !functions.indices.contains(shared.function) {
                throw .broken(
                    .modelLayers,
                    "model description: \(path): shared.expert_function is \(shared.function) of \(functions.count)")
            }
            if let shared = layer.shared, shared.expertSize == 0, functions[shared.function].kind != .linear {
                throw .broken(.modelLayers, "model description: \(path): shared.expert_size is 0")
            }
            if let other = layer.shared?.bank {
                guard other != bank, layers.indices.contains(other), let shared = layers[other].shared,
                    shared.bank == nil
                else {
                    throw .broken(
                        .modelLayers,
                        "model description: \(path): shared.bank is \(other), which is no other bank with shared experts of its own"
                    )
                }
            }
            let isLinear = functions[layer.function].kind == .linear
            guard (layer.expertSize == 0) == isLinear || functions[layer.function].kind == .unsupported else {
                throw .broken(
                    .modelLayers,
                    "model description: \(path): expert_size is \(layer.expertSize) for a function that is \(isLinear ? "" : "not ")linear"
                )
            }
            used[layer.router] = true
            if checked != (layer.router, expertCounts[bank]) {
                checked = (layer.router, expertCounts[bank])
                try routers[layer.router].validate(experts: expertCounts[bank], path: "routers[\(layer.router)]")
            }
        }
        for (index, router) in routers.enumerated() where !used[index] {
            // Nobody knows of how many experts it would choose: only what no number of them could mend is refused.
            try router.validate(experts: nil, path: "routers[\(index)]")
        }
    }
}

extension RouterDescription {
    /// Checks the numbers of a router against the experts it chooses from; nil when no layer says how many.
    package func validate(experts: Int?, path: String) throws(FormatError) {
        guard kind != .unsupported else { return }
        guard identityExperts >= 0, sharedInRouter >= 0 else {
            throw .broken(.topK, "model description: \(path) has a negative number of experts")
        }
        let choices = experts.map { $0 + identityExperts }
        switch kind {
        case .unsupported, .all: break
        case .hash, .topK, .expertChoice:
            guard topK >= 1, topK <= choices ?? .max else {
                throw .broken(.topK, "model description: \(path).top_k is \(topK) with \(choices ?? 0) experts")
            }
        case .hierarchical:
            guard groupSize >= 1, (experts ?? 0) % groupSize == 0 else {
                throw .broken(
                    .groups,
                    "model description: \(path).group_size \(groupSize) does not divide \(experts ?? 0) experts")
            }
            guard topK >= 1 else { throw .broken(.topK, "model description: \(path).top_k is \(topK)") }
            guard topK <= groupSize, groupTopK >= 1, groupTopK <= experts.map({ $0 / groupSize }) ?? .max else {
                throw .broken(
                    .topK, "model description: \(path) chooses \(groupTopK) groups and \(topK) experts of \(groupSize)")
            }
        }
        if score == .sparsemixer, kind == .topK, topK != 2 {
            throw .broken(.topK, "model description: \(path).top_k is \(topK); sparsemixer chooses 2")
        }
        try groups?.validate(choices: choices, topK: topK, path: path)
    }
}

extension RouterDescription.Groups {
    fileprivate func validate(choices: Int?, topK: Int, path: String) throws(FormatError) {
        guard count >= 1, (choices ?? 0) % count == 0 else {
            throw .broken(
                .groups, "model description: \(path).groups.count \(count) does not divide \(choices ?? 0) experts")
        }
        guard kept >= 1, kept <= count else {
            throw .broken(.groups, "model description: \(path).groups.kept is \(kept) of \(count)")
        }
        guard let size = choices.map({ $0 / count }) else { return }
        // With zero as fill, experts of other groups can still be chosen.
        guard fill == .zero || kept * size >= topK else {
            throw .broken(
                .groups,
                "model description: \(path).groups.kept is \(kept) of \(count), for \(topK) of \(size) experts a group")
        }
        guard score != .sumOfTop2 || size >= 2 else {
            throw .broken(.groups, "model description: \(path).groups.score needs two experts a group")
        }
    }
}
