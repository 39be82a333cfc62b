import CommandSupport
import MoEFormat

/// Norms for people: a row for each role of a layer, or for each expert of one.
enum NormsText {
    /// How the experts' norms spread in each layer.
    static func layers(_ layers: [LayerNorms]) -> [String] {
        var table = TextTable([
            ("layer", .right), ("path", .left), ("role", .left), ("min", .right), ("median", .right), ("max", .right),
            ("least", .right), ("greatest", .right), ("not finite", .right),
        ])
        for layer in layers {
            for role in layer.roles {
                let norms = layer.experts.map { $0.summaries[role]?.norm ?? 0 }
                let order = norms.indices.sorted { (norms[$0], $0) < (norms[$1], $1) }
                guard let least = order.first, let greatest = order.last else { continue }
                let notFinite = layer.experts.reduce(UInt64(0)) { $0 + ($1.summaries[role]?.notFinite ?? 0) }
                table.add([
                    layer.bank.layer.map(String.init) ?? "-", layer.bank.path, role.name, Figure.text(norms[least]),
                    Figure.text(norms[order[order.count / 2]]), Figure.text(norms[greatest]), "expert \(least)",
                    "expert \(greatest)", "\(notFinite)",
                ])
            }
        }
        return Array(table.lines)
    }

    /// The norm of each expert of a layer.
    static func experts(of layer: LayerNorms) -> [String] {
        var table = TextTable(
            [("expert", .right)] + layer.roles.map { ($0.name, .right) } + [("all", .right), ("not finite", .right)])
        func add(_ name: String, _ expert: LayerNorms.Expert) {
            let norms = layer.roles.map { expert.summaries[$0].map { Figure.text($0.norm) } ?? "-" }
            table.add([name] + norms + [Figure.text(expert.whole.norm), "\(expert.whole.notFinite)"])
        }
        for (index, expert) in layer.experts.enumerated() { add("\(index)", expert) }
        for (index, expert) in layer.shared.enumerated() { add("shared \(index)", expert) }
        return [TerminalText.escaped(layer.bank.path) + ": Frobenius norms"] + table.lines.map { "  " + $0 }
    }
}
