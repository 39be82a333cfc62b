import MoEFormat

/// What a file says about its model beyond its tensors, in a form that two files can be compared in.
struct ModelFacts {
    private let model: JSONValue
    private let banks: JSONValue
    private let configuration: [UInt8]?
    private let source: SourceSection?

    /// - Throws: `FormatError`.
    init(of file: ModelFile) throws(FormatError) {
        model = file.model.json
        banks = .array(
            file.banks.map { bank in
                [
                    "path": .string(bank.path), "layer": bank.layer.map { .integer(Int64($0)) } ?? .null,
                    "experts": .integer(Int64(bank.expertCount)), "shared_experts": .integer(Int64(bank.sharedCount)),
                ]
            })
        configuration = try file.configuration()
        source = try file.source()
    }

    /// What is different in another file.
    func differences(from other: ModelFacts) -> [MetadataDifference] {
        MetadataDifference.between(model, other.model, at: "model")
            + MetadataDifference.between(banks, other.banks, at: "banks")
            + MetadataDifference.between(
                Self.value(of: configuration), Self.value(of: other.configuration), at: "config")
            + SourceDifference.between(source, other.source)
    }

    /// A configuration as JSON; as a string when it is none.
    private static func value(of configuration: [UInt8]?) -> JSONValue? {
        guard let configuration else { return nil }
        return (try? JSONParser.parse(configuration, acceptingNonFinite: true))
            ?? .string(String(decoding: configuration, as: UTF8.self))
    }
}
