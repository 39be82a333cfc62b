import MoEFormat

/// The end of a tensor's name inside its expert or layer: which matrix it belongs to, and what of it it is.
///
/// `gate_proj.weight`, `gate_up_proj_bias`, `down.vars.0` and `w2.weight_scale_inv` all read alike.
struct LeafName: Hashable {
    enum Part: Hashable {
        case weight, bias
        /// Scales of a quantised weight.
        case scale
        /// Packed MXFP4 codes.
        case blocks
        /// The n-th variable of a Keras layer.
        case variable(Int)
        /// Something else that is stored beside the weight, by its name.
        case other(String)
    }

    var projection: String
    var part: Part
    /// Whether the name says that the rows of the matrix are inputs, as in Keras and Flax.
    var isKernel = false

    private static let parts: [Substring: Part] = [
        "weight": .weight, "w": .weight, "kernel": .weight, "bias": .bias, "b": .bias, "scale": .scale,
        "weight_scale_inv": .scale, "weight_scale": .scale,
    ]
    private static let suffixes: [(text: String, part: Part)] = [
        ("_weight_scale_inv", .scale), ("_weight_scale", .scale), ("_scale_inv", .scale), ("_scales", .scale),
        ("_scale", .scale), ("_blocks", .blocks), ("_weight", .weight), ("_bias", .bias),
    ]
    /// What quantisers of other kinds store in the place of a weight.
    private static let foreign: Set<Substring> = [
        "qweight", "qzeros", "scales", "g_idx", "weight_packed", "weight_shape", "weight_global_scale", "input_scale",
        "input_global_scale", "biases", "absmax", "quant_map", "SCB", "weight_zero_point", "activation_scale",
    ]

    init(_ components: ArraySlice<Substring>) {
        guard let last = components.last else {
            self.init(projection: "", part: .weight)
            return
        }
        let before = components.dropLast()
        if before.last == "vars", let index = decimal(last) {
            self.init(projection: before.dropLast().joined(separator: "."), part: .variable(index), isKernel: true)
        } else if let part = Self.parts[last] {
            self.init(projection: before.joined(separator: "."), part: part, isKernel: last == "kernel")
        } else if Self.foreign.contains(last) {
            self.init(projection: before.joined(separator: "."), part: .other(String(last)))
        } else if last.first == "b", decimal(last.dropFirst()) != nil || last.hasPrefix("b_") {
            // The bias of `w1` or `w_up`.
            let name = (before + ["w" + last.dropFirst()]).joined(separator: ".")
            self.init(projection: name, part: .bias)
        } else {
            let name = components.joined(separator: ".")
            let suffix = Self.suffixes.first { last.hasSuffix($0.text) && last.utf8.count > $0.text.utf8.count }
            self.init(
                projection: suffix.map { String(name.dropLast($0.text.count)) } ?? name, part: suffix?.part ?? .weight)
        }
    }

    init(projection: String, part: Part, isKernel: Bool = false) {
        self.projection = projection
        self.part = part
        self.isKernel = isKernel
    }

    static func == (a: LeafName, b: LeafName) -> Bool {
        a.part == b.part && a.isKernel == b.isKernel && ExactName(a.projection) == ExactName(b.projection)
    }

    /// Something to order leaves by.
    var key: ExactName { ExactName("\(projection) \(part) \(isKernel)") }

    /// The name with a Keras variable of a layer read as what a dense layer keeps there: kernel, then bias.
    var asDenseLayer: LeafName {
        switch part {
        case .variable(0): LeafName(projection: projection, part: .weight, isKernel: true)
        case .variable(1): LeafName(projection: projection, part: .bias, isKernel: true)
        case .variable(let index): LeafName(projection: projection, part: .other("vars.\(index)"), isKernel: true)
        default: self
        }
    }
}
