import MoEFormat

/// What a matrix does in an expert, before its shape has said the rest.
enum ExpertMatrix: Hashable {
    case gate, up, down
    /// Gate and up in one matrix.
    case gateUp
    /// The first of two: a fused gate and up when twice as wide as the second, otherwise the up matrix.
    case first
    /// The one matrix of a linear expert.
    case only
}

/// The names that one published layout gives to the matrices of an expert.
struct ExpertLayout {
    let name: String
    let matrices: [String: ExpertMatrix]
    /// The down matrix lies the other way than the others (DBRX).
    var downIsTransposed = false
    /// Fused gate and up outputs alternate. nil: the family decides.
    var isInterleaved: Bool?

    init(_ name: String, _ matrices: [String: ExpertMatrix], downIsTransposed: Bool = false, isInterleaved: Bool? = nil)
    {
        self.name = name
        self.matrices = matrices
        self.downIsTransposed = downIsTransposed
        self.isInterleaved = isInterleaved
    }

    /// Every layout; a checkpoint has the one whose names its experts have, all of them and no others.
    static let all: [ExpertLayout] = [
        // Three matrices.
        ExpertLayout("mixtral", ["w1": .gate, "w3": .up, "w2": .down]),
        ExpertLayout("qwen", ["gate_proj": .gate, "up_proj": .up, "down_proj": .down]),
        ExpertLayout("dbrx", ["w1": .gate, "v1": .up, "w2": .down], downIsTransposed: true),
        ExpertLayout("qwen", ["linear_gate": .gate, "up_proj": .up, "down_proj": .down]),
        ExpertLayout("dots", ["fc1": .gate, "fc3": .up, "fc2": .down]),
        ExpertLayout("t5_gated", ["wi_0": .gate, "wi_1": .up, "wo": .down]),
        ExpertLayout("grok", ["linear": .gate, "linear_v": .up, "linear_1": .down]),
        ExpertLayout("plain_gated", ["gate": .gate, "up": .up, "down": .down]),
        ExpertLayout("plain_gated", ["w_gate": .gate, "w_up": .up, "w_down": .down]),
        // Gate and up in one matrix.
        ExpertLayout("fused", ["gate_up_proj": .gateUp, "down_proj": .down]),
        ExpertLayout("fused", ["gate_and_up_proj": .gateUp, "down_proj": .down]),
        ExpertLayout("fused", ["gate_and_up_projs": .first, "down_projs": .down]),
        ExpertLayout("fused", ["gate_up": .gateUp, "down": .down]),
        ExpertLayout("inkling", ["w13": .gateUp, "w2": .down], isInterleaved: true),
        ExpertLayout("granite", ["input_linear": .first, "output_linear": .down]),
        ExpertLayout("megatron", ["linear_fc1": .first, "linear_fc2": .down]),
        // Two matrices; aria's `fc1` is a fused gate and up, which its width shows.
        ExpertLayout("two_layer", ["fc1": .first, "fc2": .down]),
        ExpertLayout("two_layer", ["w1": .first, "w2": .down]),
        ExpertLayout("two_layer", ["up_proj": .up, "down_proj": .down]),
        ExpertLayout("two_layer", ["up": .up, "down": .down]),
        ExpertLayout("two_layer", ["w_in": .first, "w_out": .down]),
        ExpertLayout("two_layer", ["lin1": .first, "lin2": .down]),
        ExpertLayout("two_layer", ["c_fc": .first, "c_proj": .down]),
        ExpertLayout("two_layer", ["dense_h_to_4h": .first, "dense_4h_to_h": .down]),
        ExpertLayout("two_layer", ["intermediate.dense": .first, "output.dense": .down]),
        ExpertLayout("two_layer", ["hidden": .first, "output": .down]),
        ExpertLayout("switch", ["wi": .first, "wo": .down]),
        // Experts of one row in each of two embeddings.
        ExpertLayout("doge", ["down_embed": .up, "up_embed": .down], downIsTransposed: true),
        // One matrix.
        ExpertLayout("linear", ["linear": .only]),
        ExpertLayout("linear", ["": .only]),
        ExpertLayout("linear", ["fc": .only]),
        ExpertLayout("linear", ["dense": .only]),
        ExpertLayout("linear", ["proj": .only]),
        ExpertLayout("linear", ["layer": .only]),
    ]

    /// The names of all layouts, as options have them.
    static let names: [String] = Array(Set(all.map(\.name) + [PositionalBank.layout])).sorted()

    /// Names that matrices of stacked experts have when no `experts` container stands above them.
    static let projections: Set<String> = Set(all.flatMap(\.matrices.keys)).subtracting([
        "", "output", "hidden", "dense", "fc", "proj", "layer", "linear",
    ])

    /// Whether a matrix of that name and shape holds several experts by itself.
    static func isStack(_ projection: String, _ shape: [Int]) -> Bool {
        shape.count == 3 && projections.contains(projection)
            || shape.count == 2 && rowsAreExperts(projection)
    }

    /// Whether each row of a matrix of that name belongs to an expert of its own.
    static func rowsAreExperts(_ projection: String) -> Bool { projection == "down_embed" || projection == "up_embed" }

    /// The layout of the experts whose matrices have these names; `nil` when no layout has exactly them.
    ///
    /// A prefix that all names share (`mlp.w1`, `mlp.w2`) is dropped; two names that differ only in their number
    /// (`net.0`, `net.2`; `dense`, `dense_1`) are the first and the second matrix.
    static func of(_ projections: Set<ExactName>, among choice: LayoutChoice) -> (
        layout: ExpertLayout, matrices: [String: ExpertMatrix]
    )? {
        let names = Set(projections.map(\.text))
        // No layout has two names that Unicode calls equivalent.
        guard names.count == projections.count else { return nil }
        let prefix = commonPrefix(names)
        let short = Dictionary(uniqueKeysWithValues: names.map { (String($0.dropFirst(prefix)), $0) })
        for layout in all where choice.allows(layout.name) && layout.matrices.count == short.count {
            guard layout.matrices.keys.allSatisfy({ short[$0] != nil }) else { continue }
            return (
                layout, Dictionary(uniqueKeysWithValues: layout.matrices.map { (short[$0.key] ?? $0.key, $0.value) })
            )
        }
        if choice.allows("two_layer"), let pair = numberedPair(names) {
            let matrices = [pair.first: ExpertMatrix.first, pair.second: .down]
            return (ExpertLayout("two_layer", matrices), matrices)
        }
        // An expert that is a sequence of one matrix.
        if choice.allows("linear"), names.count == 1, let name = names.first,
            let last = name.split(separator: ".").last, decimal(last) != nil || NumberedName(last).stem == "dense"
        {
            return (ExpertLayout("linear", [name: .only]), [name: .only])
        }
        return nil
    }

    /// The length of the dotted prefix that all names share, if there are several names.
    private static func commonPrefix(_ names: Set<String>) -> Int {
        guard names.count > 1, var prefix = names.first?.split(separator: ".").dropLast() else { return 0 }
        for name in names {
            let components = name.split(separator: ".").dropLast()
            while !components.starts(with: prefix) { prefix = prefix.dropLast() }
        }
        return prefix.reduce(0) { $0 + $1.count + 1 }
    }

    private static func numberedPair(_ names: Set<String>) -> (first: String, second: String)? {
        guard names.count == 2 else { return nil }
        let sorted = names.sorted(by: naturallyPrecedes)
        func split(_ name: String) -> (stem: Substring, number: Int) {
            let stem = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
            let head = name.dropLast(stem)
            return (head, decimal(name.suffix(stem)) ?? 0)
        }
        let (first, second) = (split(sorted[0]), split(sorted[1]))
        // `dense` is number 0 of `dense_1`.
        let bare = sorted[0] + "_" == second.stem
        guard bare || first.stem == second.stem, bare || first.number < second.number else { return nil }
        return (sorted[0], sorted[1])
    }
}

extension LayoutChoice {
    func allows(_ layout: String) -> Bool {
        switch self {
        case .auto: true
        case .dense: false
        case .named(let name): name == layout
        }
    }
}
