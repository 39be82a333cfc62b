import MoEFormat

/// The routing of one published kind of model: a function from its configuration to a description.
///
/// Formulas and defaults are those of Hugging Face transformers 5.23 `models/*/modeling_*.py` and
/// `configuration_*.py`, unless a comment names another source.
struct Family: Sendable {
    let modelTypes: [String]
    let describe: @Sendable (FamilyContext) throws(RecognitionError) -> LayerBlueprint

    init(
        _ modelTypes: String...,
        describe: @escaping @Sendable (FamilyContext) throws(RecognitionError) -> LayerBlueprint
    ) {
        self.modelTypes = modelTypes
        self.describe = describe
    }

    private static let byType: [String: Family] = {
        var families: [String: Family] = [:]
        for family in softmax + softmaxOfChosen + deepSeek + sigmoid + seeds + others {
            for type in family.modelTypes { families[type] = family }
        }
        return families
    }()

    /// The family of a model type, which publishers write with hyphens or underscores, and with `_text` for the language part.
    static func of(_ type: String) -> Family? {
        let name = type.replacing("-", with: "_")
        if let family = byType[name] { return family }
        return name.hasSuffix("_text") ? byType[String(name.dropLast(5))] : nil
    }

    /// The model types whose routing is described, for tests and documentation.
    static var modelTypes: [String] { byType.keys.sorted() }
}
