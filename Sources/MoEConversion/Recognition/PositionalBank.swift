/// Stacked experts whose tensors have numbers for names, as the variables of one Keras layer.
///
/// Weights come in the order in which an expert uses them, each with its bias behind it: gate, up and down; gate and up in
/// one, and down; up and down. Shapes are of one expert: weights have two dimensions, biases one.
struct PositionalBank {
    static let layout = "keras_bank"

    /// The same tensors under names that layouts have.
    let named: ExpertShapes

    init?(_ expert: ExpertShapes) {
        var numbered: [(index: Int, leaf: ExpertShapes.Leaf)] = []
        for leaf in expert.leaves {
            guard leaf.name.projection.isEmpty, case .variable(let index) = leaf.name.part else { return nil }
            numbered.append((index, leaf))
        }
        numbered.sort { $0.index < $1.index }
        let weights = numbered.filter { $0.leaf.shape.count == 2 }.count
        let names: [String]
        switch weights {
        case 3: names = ["gate_proj", "up_proj", "down_proj"]
        case 2: names = ["fc1", "fc2"]
        default: return nil
        }
        var next = 0
        var leaves: [ExpertShapes.Leaf] = []
        for (_, leaf) in numbered {
            let part: LeafName.Part
            switch leaf.shape.count {
            case 2:
                part = .weight
                next += 1
            case 1 where next > 0: part = .bias
            default: return nil
            }
            leaves.append(
                .init(
                    number: leaf.number, name: LeafName(projection: names[next - 1], part: part, isKernel: true),
                    dtype: leaf.dtype, shape: leaf.shape))
        }
        named = ExpertShapes(leaves: leaves)
    }
}
