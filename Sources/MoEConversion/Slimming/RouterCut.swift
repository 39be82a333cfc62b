import MoEFormat

/// A router's tensor cut to what belongs to some of its experts.
struct RouterCut {
    private let part: ConversionPlan.Part
    private let bank: ConversionPlan.Bank
    private let experts: Range<Int>

    init(of part: ConversionPlan.Part, in bank: ConversionPlan.Bank, to experts: Range<Int>) {
        self.part = part
        self.bank = bank
        self.experts = experts
    }

    /// Whether tensors of a role have a row, a column or an element for each expert.
    static func hasExpertAxis(_ role: Role) -> Bool {
        [.routerWeight, .routerBias, .selectionBias, .routerNoiseWeight, .perExpertScale].contains(role)
    }

    /// Whether a router of fewer experts chooses among them as it did among all.
    ///
    /// - Throws: `ConversionError.usage` for one that a cut would make another.
    static func check(_ router: RouterDescription, of path: String, keeping count: Int) throws(ConversionError) {
        var obstacle: String?
        switch router.kind {
        case .hash: obstacle = "a table of experts by token"
        case .hierarchical: obstacle = "groups of experts"
        case .unsupported: obstacle = "a kind that is not described"
        case .topK, .all, .expertChoice: break
        }
        if router.groups != nil { obstacle = "groups of experts" }
        if router.identityExperts > 0 { obstacle = "identity experts" }
        if router.sharedInRouter > 0 { obstacle = "rows for shared experts" }
        if let obstacle { throw .usage("--experts: the router of \(path) has \(obstacle), which a cut would change") }
        guard router.kind == .all || router.topK <= count else {
            throw .usage("--experts: the router of \(path) chooses \(router.topK) experts; at least as many must stay")
        }
    }

    /// Keeps the rows or columns of the experts.
    ///
    /// - Parameter view: the tensor's view of the checkpoint.
    /// - Throws: `ConversionError.usage` for a tensor that holds more than one for each expert.
    func apply(to plan: inout ConversionPlan, view: inout TensorView) throws(ConversionError) {
        let tensor = plan.tensors[part.tensor]
        guard part.elementCount == tensor.countedElements, part.scheme == 0 else {
            throw .usage("--experts: tensor \(tensor.name) holds more than the router of \(bank.path), or is quantised")
        }
        // Experts lie along the rows of a matrix of outputs and of a vector, along the columns of a kernel.
        let axis = part.orientation == .rowsAreInputs ? tensor.shape.count - 1 : 0
        guard tensor.shape.indices.contains(axis), tensor.shape[axis] == bank.expertCount else {
            throw .usage(
                "--experts: tensor \(tensor.name) of shape \(tensor.shape) has not one row for each of \(bank.expertCount) experts"
            )
        }
        let inner = tensor.shape[(axis + 1)...].reduce(UInt64(1)) { $0 * UInt64($1) }
        view.length = inner * UInt64(bank.expertCount)
        view.kept = inner * UInt64(experts.lowerBound)..<inner * UInt64(experts.upperBound)
        plan.tensors[part.tensor].shape[axis] = experts.count
        let elements = plan.tensors[part.tensor].countedElements
        for block in plan.blocks.indices {
            for index in plan.blocks[block].parts.indices where plan.blocks[block].parts[index].tensor == part.tensor {
                plan.blocks[block].parts[index].elementCount = elements
                if let row = plan.tensors[part.tensor].shape.last {
                    plan.blocks[block].parts[index].rowLength = UInt64(row)
                }
            }
        }
    }
}
