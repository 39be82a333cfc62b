import MoEFormat

/// Norms for scripts.
enum NormsJSON {
    static func value(of layers: [LayerNorms]) -> JSONValue {
        ["layers": .array(layers.map(layer))]
    }

    private static func layer(_ layer: LayerNorms) -> JSONValue {
        [
            "bank": .integer(Int64(layer.bank.id)), "path": .string(layer.bank.path),
            "layer": layer.bank.layer.map { .integer(Int64($0)) } ?? .null,
            "experts": .array(layer.experts.map { expert($0, of: layer) }),
            "shared_experts": .array(layer.shared.map { expert($0, of: layer) }),
        ]
    }

    private static func expert(_ expert: LayerNorms.Expert, of layer: LayerNorms) -> JSONValue {
        var roles = JSONObject()
        for role in layer.roles { roles[role.name] = expert.summaries[role].map { Figure.json($0.norm) } }
        let whole = expert.whole
        return [
            "norm": Figure.json(whole.norm), "roles": .object(roles), "values": .integer(Int64(clamping: whole.count)),
            "zeros": .integer(Int64(clamping: whole.zeros)), "not_finite": .integer(Int64(clamping: whole.notFinite)),
        ]
    }
}
