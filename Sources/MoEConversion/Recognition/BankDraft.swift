import MoEFormat

/// The tensors that names put into one MoE layer, before shapes have confirmed any of it.
struct BankDraft {
    struct Member {
        /// The expert for one of per-expert tensors, otherwise 0.
        var expert: Int
        /// Number of the leaf name in `BankDrafts.leaves`.
        var leaf: Int
        var tensor: Int
        /// The group that a tensor beside the experts belongs to, where groups have gates of their own.
        var group: Int?
    }

    /// Groups of experts with a module each, as in `moe.groups.2.experts.0`.
    struct Groups: Hashable {
        /// The name of the module that holds the groups.
        var container: String
        var count: Int
        /// Experts a group.
        var size: Int
    }

    /// The dotted path of the module that holds the experts.
    let path: String
    var experts: [Member] = []
    /// Tensors that hold all experts, one behind the other.
    var stacked: [Member] = []
    /// Keras names: a class and a number, or a matrix of stacked experts; the siblings decide. By child's name.
    var children: [(child: Substring, leaf: Int, whole: Int, tensor: Int)] = []
    var shared: [Member] = []
    var stackedShared: [Member] = []
    /// Router and others, by the name below the path.
    var sides: [Member] = []

    /// The groups that the experts lie in; nil where they lie in the layer itself.
    var groups: Groups?
    /// 0 or 1 for the first or second of two layers that share a module.
    var run: Int?
    /// The tensor that holds a selection bias for each of the two.
    var paired: Int?
    /// Whether the layer adds the shared experts of the layer before it.
    var borrowsShared = false
    /// Why the layer cannot run, when that is known already.
    var problem: String?

    init(path: String) { self.path = path }

    mutating func renumberLeaves(_ rank: [Int]) {
        func renumber(_ members: inout [Member]) {
            for index in members.indices { members[index].leaf = rank[members[index].leaf] }
        }
        renumber(&experts)
        renumber(&stacked)
        renumber(&shared)
        renumber(&stackedShared)
        renumber(&sides)
    }

    /// Decides what the children of a Keras container are: experts numbered within one class, or stacked matrices.
    mutating func settleChildren() {
        guard !children.isEmpty else { return }
        let stems = Set(children.map { ExactName(NumberedName($0.child).stem) })
        for (child, leaf, whole, tensor) in children {
            if stems.count == 1 {
                experts.append(Member(expert: NumberedName(child).number ?? 0, leaf: leaf, tensor: tensor))
            } else {
                stacked.append(Member(expert: 0, leaf: whole, tensor: tensor))
            }
        }
        children = []
    }
}
