import MoEFormat

/// Reads the model's own layer numbers out of the paths of its MoE layers.
enum LayerNumber {
    /// Names of modules whose children are numbered layers.
    private static let stacks: Set<Substring> = [
        "layers", "layer", "blocks", "block", "h", "resblocks", "encoder", "decoder",
    ]

    /// The numbers of paths in their order; −1 where nothing gives one.
    ///
    /// `decoder.block.1.layer.2.mlp` is layer 1: the first numbered module counts. Keras numbers modules of a class from the
    /// second on (`mo_e_layer`, `mo_e_layer_1`). Where no path has a number the layers are counted in their order.
    static func numbers(of paths: [String]) -> [Int] {
        let components = paths.map { $0.split(separator: ".") }
        let own = components.map(number)
        if own.contains(where: { $0 != nil }) { return own.map { $0 ?? -1 } }
        if let keras = kerasNumbers(components) { return keras }
        return Array(paths.indices)
    }

    private static func number(in components: [Substring]) -> Int? {
        // Layers that predict further tokens are numbered apart from the model's own.
        if components.contains("mtp") || components.last == Substring(BankDraft.visionSuffix) { return nil }
        for (stack, child) in zip(components, components.dropFirst()) where stacks.contains(stack) {
            if let number = decimal(child) { return number }
        }
        return components.lazy.compactMap(decimal).first
    }

    private static func kerasNumbers(_ paths: [[Substring]]) -> [Int]? {
        var numbers: [Int] = []
        var stems: Set<ExactName> = []
        for path in paths {
            guard let stack = path.lastIndex(of: "layers"), stack + 1 < path.count else { return nil }
            let name = NumberedName(path[stack + 1])
            stems.insert(ExactName(name.stem))
            numbers.append(name.number ?? 0)
        }
        return stems.count == 1 ? numbers : nil
    }
}
