import MoEFormat

/// The user's own patterns of names, for checkpoints that no layout knows: what `--map FILE` reads.
///
/// ```json
/// {
///   "bank": "layers.{layer}.moe",
///   "tensors": [
///     {"match": "layers.{layer}.moe.router",                 "role": "router_weight"},
///     {"match": "layers.{layer}.moe.experts.{expert}.w_in",  "role": "up_weight"},
///     {"match": "layers.{layer}.moe.experts.{expert}.w_out", "role": "down_weight", "orientation": "rows_are_inputs"}
///   ],
///   "router": {"kind": "top_k", "top_k": 2, "score": "softmax"},
///   "expert_function": {"kind": "mlp", "activation": "gelu"}
/// }
/// ```
///
/// - `match` is a whole name; dots and slashes are the same. `{layer}`, `{expert}` and `{shared}` stand for a number, `*` for any
///   characters between two dots. The first entry that matches a tensor counts; what none matches is dense.
/// - `bank` is the path of the layer's module; an entry may have its own. It may hold `{layer}`.
/// - `role` is a role's name, as `moe-inspect --json` prints it, or `dense`.
/// - `orientation` of a matrix: `rows_are_outputs` (when absent) or `rows_are_inputs`.
/// - `stacked`: the tensor holds all experts, with a leading dimension for them, or one below the other when `experts` says how
///   many there are.
/// - `of`: for the role `scale`, the role of the weight that it scales.
/// - `router` and `expert_function` are objects of SPEC.md §9.2 and §9.3; without them the configuration counts.
package struct TensorMap: Sendable {
    struct Entry: Sendable {
        var pattern: NamePattern
        var bank: String
        /// nil: keep the tensor dense.
        var role: Role?
        var orientation: Orientation
        var isStacked: Bool
        var experts: Int?
        var scaled: Role?
    }

    let entries: [Entry]
    var router: JSONValue?
    var function: JSONValue?

    /// Bytes of a map file, entries in it.
    package static let maximumBytes = 1 << 20
    private static let maximumEntries = 1000

    /// Reads a map file's text.
    ///
    /// - Throws: `RecognitionError` of kind usage that names the entry.
    package init(parsing text: [UInt8]) throws(RecognitionError) {
        guard text.count <= Self.maximumBytes else { throw .usage("the map has more than \(Self.maximumBytes) bytes") }
        let json: JSONValue
        do { json = try JSONParser.parse(text) } catch { throw .usage("the map is not JSON: \(error)") }
        guard let list = json["tensors"]?.array, !list.isEmpty, list.count <= Self.maximumEntries else {
            throw .usage("the map has no list \"tensors\" of 1 to \(Self.maximumEntries) entries")
        }
        router = json["router"]
        function = json["expert_function"]
        var entries: [Entry] = []
        for (index, value) in list.enumerated() {
            entries.append(try Entry(value, path: "tensors[\(index)]", bank: json["bank"]?.string))
        }
        self.entries = entries
    }
}

extension TensorMap.Entry {
    private static let keys: Set<String> = ["match", "bank", "role", "orientation", "stacked", "experts", "of"]

    fileprivate init(_ json: JSONValue, path: String, bank fallback: String?) throws(RecognitionError) {
        func refuse(_ message: String) -> RecognitionError { .usage("the map: \(path)\(message)") }
        guard let object = json.object else { throw refuse(" is not an object") }
        if let stray = object.members.first(where: { !($0.key.utf8.count < 16 && Self.keys.contains($0.key)) }) {
            throw refuse(" has the unknown key \(quoted(stray.key))")
        }
        guard let match = json["match"]?.string else { throw refuse(".match is not a string") }
        guard let name = json["role"]?.word else { throw refuse(".role is not a string") }
        role = name == "dense" ? nil : Role(name: name)
        guard name == "dense" || role != nil else { throw refuse(".role \(quoted(name)) is not a role") }
        pattern = try NamePattern(match) { refuse(".match \(quoted(match)) \($0)") }
        guard let bank = json["bank"]?.string ?? fallback ?? (role == nil ? "" : nil) else {
            throw refuse(" has no bank, and the map neither")
        }
        self.bank = bank
        if bank.contains("{layer}"), !pattern.placeholders.contains(.layer), role != nil {
            throw refuse(".match \(quoted(match)) has no {layer} for the bank \(quoted(bank))")
        }
        switch json["orientation"]?.word {
        case nil where json["orientation"] == nil, "rows_are_outputs": orientation = .rowsAreOutputs
        case "rows_are_inputs": orientation = .rowsAreInputs
        default: throw refuse(".orientation is neither rows_are_outputs nor rows_are_inputs")
        }
        guard json["stacked"] == nil || json["stacked"]?.bool != nil else {
            throw refuse(".stacked is not true or false")
        }
        isStacked = json["stacked"]?.bool ?? false
        experts = json["experts"]?.integer
        guard json["experts"] == nil || experts.map({ (1...Limits.experts).contains($0) }) == true else {
            throw refuse(".experts is not a number of experts")
        }
        if let of = json["of"] {
            guard let scaled = of.word.flatMap({ Role(name: $0) }) else { throw refuse(".of is not a role") }
            self.scaled = scaled
        }
        guard let role else { return }
        let isExpert = (16...27).contains(role.rawValue) || role == .scale
        if isExpert, !isStacked, !pattern.placeholders.contains(.expert), !pattern.placeholders.contains(.shared) {
            throw refuse(".match \(quoted(match)) has no {expert}, and the entry is not stacked")
        }
    }
}
