import MoEFormat

/// A tensor that two files have under one name, and how they differ.
struct TensorDifference {
    let name: String
    let a: Tensor
    let b: Tensor
    /// Whether the tensor has another role, bank, expert, orientation or scheme.
    let isPlacedElsewhere: Bool
    let content: Content

    enum Content {
        /// The same bytes, by their content hash.
        case same
        /// Other bytes: how far the values are apart.
        case values(ValueDifference)
        /// Other bytes, whose values cannot be set against each other, and why.
        case incomparable(String)
        /// The values cannot be read.
        case damaged(path: String, FormatError)
    }

    /// What is different, in a few words.
    var kinds: [String] {
        var kinds: [String] = []
        if a.dtype != b.dtype { kinds.append("dtype") }
        if a.shape != b.shape { kinds.append("shape") }
        if isPlacedElsewhere { kinds.append("role") }
        switch content {
        case .same: break
        case .values(let values):
            // Other bytes for equal values: of another type, signed zeros, NaN of another kind.
            if values.differing > 0 { kinds.append("values") } else if a.dtype == b.dtype { kinds.append("bits") }
        case .incomparable: kinds.append("values")
        case .damaged: kinds.append("damaged")
        }
        return kinds
    }
}
