import MoEFormat

/// Where a tensor belongs in a picture of the model: a layer, and what it is for there.
struct TensorPlace: Hashable {
    /// What tiles are coloured by; the page has a colour and a title for each.
    enum Kind: String, CaseIterable {
        case gate, up, fused, down, linear, bias, shared, router, scale, attention, norm, embedding, other
    }

    /// The name up to its first number, as in `model.layers.3`; empty for what belongs to no layer.
    let group: String
    let kind: Kind
    /// What it is called in its layer: `gate`, `self_attn`.
    let label: String

    static func == (a: TensorPlace, b: TensorPlace) -> Bool {
        a.kind == b.kind && ExactName(a.group) == ExactName(b.group) && ExactName(a.label) == ExactName(b.label)
    }

    /// The place of a tensor.
    ///
    /// - Parameters:
    ///   - role: of its first part, with the bank that it belongs to.
    init(name: String, role: Role?, bank: Bank?) {
        guard let bank, let role else {
            group = Self.group(of: name)
            label = Self.label(of: name, in: group)
            kind = Self.kind(ofName: name)
            return
        }
        group = Self.group(of: bank.path)
        kind = Self.kind(of: role)
        label =
            switch kind {
            case .gate, .up, .down, .router: kind.rawValue
            case .fused: "gate and up"
            case .linear: "expert"
            case .bias: "biases"
            case .shared: "shared experts"
            case .scale: "scales"
            case .attention, .norm, .embedding, .other: role.name.split(separator: "_").joined(separator: " ")
            }
    }

    private static func kind(of role: Role) -> Kind {
        if role != role.unshared || role == .sharedGateWeight || role == .sharedGateBias { return .shared }
        switch role {
        case .gateWeight: return .gate
        case .upWeight: return .up
        case .downWeight: return .down
        case .expertWeight: return .linear
        case .gateUpHalvesWeight, .gateUpInterleavedWeight: return .fused
        case .gateBias, .upBias, .downBias, .expertBias, .gateUpHalvesBias, .gateUpInterleavedBias: return .bias
        case .scale: return .scale
        case .outputNormWeight, .latentNormWeight, .expertNormWeight: return .norm
        case .routerWeight, .routerBias, .selectionBias, .routerNoiseWeight, .routerInputScale, .perExpertScale,
            .tokenExpertTable, .groupRouterWeight, .groupRouterNoiseWeight, .routerGlobalScale:
            return .router
        default: return .other
        }
    }

    /// What the name suggests: it decides about a colour, nothing else.
    private static func kind(ofName name: String) -> Kind {
        let name = name.lowercased()
        let words: [(Kind, [String])] = [
            (.norm, ["norm", "ln_"]), (.attention, ["attn", "attention"]),
            (.embedding, ["embed", "lm_head", "wte", "wpe", "shared"]),
        ]
        return words.first { $0.1.contains { name.contains($0) } }?.0 ?? .other
    }

    private static func group(of name: String) -> String {
        let template = NameTemplate(dotted(name))
        guard let number = template.numbers.first else { return "" }
        return template.texts[0].text + "\(number)"
    }

    private static func label(of name: String, in group: String) -> String {
        let components = dotted(name).split(separator: ".")
        let inside = components.dropFirst(group.split(separator: ".").count)
        if group.isEmpty { return components.count > 1 ? components.dropLast().joined(separator: ".") : dotted(name) }
        return inside.first.map(String.init) ?? dotted(name)
    }

    private static func dotted(_ name: String) -> String { name.replacing("/", with: ".") }

    /// Short titles of groups: `layer 3` where that says enough, otherwise the group itself.
    static func titles(of groups: [String]) -> [String] {
        let short = groups.map { group in
            let parts = group.split(separator: ".")
            guard !group.isEmpty else { return "Outside the layers" }
            guard parts.count > 1, let number = parts.last, number.allSatisfy(\.isNumber) else { return group }
            let noun = parts[parts.count - 2]
            return "\(noun.hasSuffix("s") ? noun.dropLast() : noun) \(number)"
        }
        var uses: [ExactName: Int] = [:]
        for title in short { uses[ExactName(title), default: 0] += 1 }
        return zip(short, groups).map { uses[ExactName($0)] == 1 ? $0 : $1 }
    }
}
