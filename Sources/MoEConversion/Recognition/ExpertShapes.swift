import MoEFormat

/// The tensors of one expert by leaf name, each with the shape that it has in one expert.
struct ExpertShapes {
    struct Leaf {
        /// Number of the leaf name.
        let number: Int
        let name: LeafName
        let dtype: Dtype
        /// Without the dimension of the experts.
        let shape: [Int]
        /// Whether bytes hold two 4-bit codes each.
        fileprivate(set) var isPacked = false

        init(number: Int, name: LeafName, dtype: Dtype, shape: [Int]) {
            self.number = number
            self.name = name
            self.dtype = dtype
            self.shape = shape
            isPacked = name.part == .blocks
        }

        /// The rows and columns of a weight; packed codes are counted, not their bytes.
        var matrix: MatrixShape? {
            switch (name.part, shape.count) {
            case (.weight, 2) where isPacked:
                shape[1] <= Int.max / 2 ? MatrixShape(rows: shape[0], columns: shape[1] * 2) : nil
            case (.weight, 2): MatrixShape(rows: shape[0], columns: shape[1])
            case (.blocks, 3):
                // Sixteen bytes hold 32 codes.
                shape[2] == 16 && shape[1] <= Int.max / 32 ? MatrixShape(rows: shape[0], columns: shape[1] * 32) : nil
            default: nil
            }
        }
    }

    private(set) var leaves: [Leaf]

    init(leaves: [Leaf]) {
        self.leaves = leaves
        for index in leaves.indices where isPackedMatrix(leaves[index]) { self.leaves[index].isPacked = true }
    }

    /// Integer bytes with a one-byte scale for every sixteen of a row are codes of 4 bits: DeepSeek-V4's FP4 experts.
    private func isPackedMatrix(_ weight: Leaf) -> Bool {
        guard weight.name.part == .weight, [.i8, .u8].contains(weight.dtype), weight.shape.count == 2,
            weight.shape[1] > 0, weight.shape[1] % 16 == 0, let scale = leaf(weight.name.projection, .scale)
        else { return false }
        return [.f8E8M0, .u8, .i8, .opaque(1)].contains(scale.dtype)
            && scale.shape == [weight.shape[0], weight.shape[1] / 16]
    }

    /// The weight of a projection, packed or not.
    func weight(_ projection: String) -> Leaf? {
        leaves.first { $0.name.projection == projection && ($0.name.part == .weight || $0.name.part == .blocks) }
    }

    func leaf(_ projection: String, _ part: LeafName.Part) -> Leaf? {
        leaves.first { $0.name.projection == projection && $0.name.part == part }
    }

    /// The names of everything that is, or should be, a matrix.
    var projections: Set<ExactName> { Set(leaves.map { ExactName($0.name.projection) }) }
}

/// What the tensors of an expert are for, once names and shapes agree.
struct ResolvedExpert {
    struct Part {
        var role: Role
        var orientation: Orientation
        /// Leaf number of the tensor that scales this one.
        var scaleLeaf: Int?
        var scheme: QuantizationScheme?
    }

    var layout: String
    var kind: ExpertFunction.Kind
    var inputSize: Int
    /// 0 for linear experts.
    var expertSize: Int
    var outputSize: Int
    /// By leaf number. Leaves without an entry are kept in the expert's block with the role `other`.
    var parts: [Int: Part]
    /// What does not fit its matrix.
    var misfit: String?
}
