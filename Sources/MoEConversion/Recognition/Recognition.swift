package import MoEFormat

/// One MoE layer as recognition found it, in the order of the model's layers.
package struct RecognizedBank: Hashable, Sendable {
    /// The dotted name of the layer's module, as in `decoder.block.1.layer.2.mlp`.
    package var path: String
    /// The model's own layer number, or −1 when the path has none.
    package var layer: Int
    /// Experts with weights.
    package var expertCount: Int
    package var sharedCount: Int
    package var hasRouter: Bool
    /// The layout whose names and shapes the experts have.
    package var layout: String
}

/// What every tensor of a checkpoint is for.
package struct Recognition: Sendable {
    /// One placement a tensor, in the order of the tensors.
    package var placements: [Placement]
    package var banks: [RecognizedBank]
    /// Routers, expert functions and one layer a bank.
    package var model: ModelDescription
    /// What the user should know, one sentence each, without a full stop.
    package var warnings: [String]
    /// Command-line options that would make more of the input, as in `--reinterpret '*.w1.weight=bf16'`.
    package var suggestions: [String]
    /// Tensors beside or inside experts that no layout knows; they are kept as they are.
    package var unrecognized: [Int]

    /// Gives each tensor another number, `order` of its own, and the placements the order of these.
    mutating func renumber(_ order: [Int]) {
        var renumbered = placements
        for var placement in placements {
            placement.tensor = order[placement.tensor]
            placement.scale = placement.scale.map { order[$0] }
            renumbered[placement.tensor] = placement
        }
        placements = renumbered
        unrecognized = unrecognized.map { order[$0] }
    }
}

/// Why a checkpoint's tensors cannot be given roles.
package struct RecognitionError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// The input contradicts itself: exit 65.
        case contradiction
        /// The request is wrong: exit 64.
        case usage
    }

    package let kind: Kind
    /// What was found and what was expected, in one line without a full stop.
    package let description: String

    package static func contradiction(_ description: String) -> RecognitionError {
        RecognitionError(kind: .contradiction, description: description)
    }

    package static func usage(_ description: String) -> RecognitionError {
        RecognitionError(kind: .usage, description: description)
    }
}
