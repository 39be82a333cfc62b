import MoEFormat

/// A checkpoint's Hugging Face configuration, asked for the routing of one layer at a time.
struct ModelConfig {
    private let root: JSONObject?
    /// The model type, as published.
    let family: String

    /// - Throws: `RecognitionError` when the configuration is not a JSON object.
    init(_ config: JSONValue?) throws(RecognitionError) {
        guard let config else {
            root = nil
            family = ""
            return
        }
        guard let object = config.object else { throw .contradiction("the configuration is not a JSON object") }
        root = KerasHubConfig.unwrapped(object) ?? object
        family = root?["model_type"]?.word ?? ""
    }

    /// What the configuration says about quantised weights, wherever in it that stands.
    var quantization: JSONValue? {
        guard let root else { return nil }
        return root["quantization_config"] ?? root["text_config"]?["quantization_config"]
    }

    /// Names under which wrappers of several models keep the language model's configuration, outermost first.
    private static let languageKeys = ["thinker_config", "text_config", "llm_config", "language_config", "llm"]

    /// The configuration of the part of the model in which a layer lies.
    func scope(for facts: BankFacts) -> ConfigScope {
        guard let root else { return ConfigScope(objects: []) }
        var objects = [root]
        func enter(_ key: String) -> Bool {
            guard let inner = objects[0][key]?.object else { return false }
            objects.insert(inner, at: 0)
            return true
        }
        var components = facts.path.split(separator: ".")
        // The vision experts of a text layer have its configuration.
        if facts.run == 1 { components.removeLast() }
        let isVision = components.contains {
            $0 == "visual" || $0.hasPrefix("vision") && $0 != BankDraft.visionModule
        }
        if components.contains("talker"), enter("talker_config") {
            _ = enter("text_config")
        } else if isVision, enter("vision_config") {
        } else {
            for key in Self.languageKeys { _ = enter(key) }
            // A talker alone, whose names do not say so.
            if objects.count == 1, enter("talker_config") { _ = enter("text_config") }
        }
        // DBRX keeps the feed-forward layer's keys in an object of their own.
        _ = enter("ffn_config")
        return ConfigScope(objects: objects)
    }

    /// What the configuration says about a layer; without one, dense softmax over all experts.
    func blueprint(_ facts: BankFacts) throws(RecognitionError) -> LayerBlueprint {
        guard root != nil else {
            var blueprint = LayerBlueprint(RouterDescription(.all, topK: 0, score: .softmax))
            blueprint.hasStatedActivation = false
            blueprint.warning =
                "there is no configuration: routing is taken as dense softmax over all experts, and experts of two layers as ReLU"
            return blueprint
        }
        let scope = scope(for: facts)
        let types = scope.objects.compactMap { $0["model_type"]?.word }.filter { !$0.isEmpty }
        for type in types {
            if let family = Family.of(type) { return try family.describe(FamilyContext(scope, facts)) }
        }
        guard let type = types.first else { return try Family.withoutType(FamilyContext(scope, facts)) }
        return try Family.unknown(type, FamilyContext(scope, facts))
    }
}
