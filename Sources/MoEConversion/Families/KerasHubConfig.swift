import MoEFormat

/// The configuration of a KerasHub preset: a class of KerasHub's, and the arguments that make one.
enum KerasHubConfig {
    /// Backbones of KerasHub and the model types that they implement.
    private static let modelTypes: [String: String] = [
        "MixtralBackbone": "mixtral", "QwenMoeBackbone": "qwen2_moe", "Qwen3MoeBackbone": "qwen3_moe",
        "Qwen3_5MoeBackbone": "qwen3_5_moe", "GptOssBackbone": "gpt_oss", "Gemma4Backbone": "gemma4",
    ]

    /// The arguments with the model type among them; nil when the object is not such a configuration.
    static func unwrapped(_ object: JSONObject) -> JSONObject? {
        guard let name = object["class_name"]?.word, let arguments = object["config"]?.object else { return nil }
        // A task (`MixtralCausalLM`) keeps its backbone inside.
        if let backbone = arguments["backbone"]?.object { return unwrapped(backbone) }
        var result = arguments
        if let type = modelTypes[name] { result["model_type"] = .string(type) }
        return result
    }
}
