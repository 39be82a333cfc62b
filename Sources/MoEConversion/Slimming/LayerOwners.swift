import MoEFormat

/// Which layer a tensor belongs to, by its name.
struct LayerOwners {
    private var prefixes: [(path: String, layer: Int)] = []
    private static let stacks: Set<Substring> = ["layers", "layer", "blocks", "block", "h"]

    init(_ banks: [ConversionPlan.Bank]) {
        let numbered = banks.compactMap { bank in
            bank.layer.map { (components: bank.path.split(separator: ".").map { ExactName($0) }, layer: $0) }
        }
        for bank in numbered {
            // The shortest beginning that no bank of another layer shares: the layer's own module.
            for count in 1...max(1, bank.components.count) {
                let prefix = bank.components.prefix(count)
                guard numbered.allSatisfy({ $0.layer == bank.layer || !$0.components.starts(with: prefix) }) else {
                    continue
                }
                // With one bank alone even the root is its own; there the names of stacks decide.
                if numbered.count > 1 { prefixes.append((prefix.map(\.text).joined(separator: ".") + ".", bank.layer)) }
                break
            }
        }
    }

    func layer(of name: String) -> Int? {
        let path = TensorName(name).path + "."
        let components = path.split(separator: ".")
        for (stack, child) in zip(components, components.dropFirst()) where Self.stacks.contains(stack) {
            if let number = decimal(child) { return number }
        }
        return prefixes.first { path.utf8.starts(with: $0.path.utf8) }?.layer
    }
}
