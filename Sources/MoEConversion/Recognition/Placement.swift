package import MoEFormat

/// Where a source tensor goes in the file.
package enum Place: Hashable, Sendable {
    case dense
    /// `group`: the group whose second gate it is, otherwise 0. Parts of one role lie in the order of the groups.
    case router(bank: Int, group: Int = 0)
    case shared(bank: Int, index: Int)
    case expert(bank: Int, index: Int)
    /// Cut into equal runs of elements, run *i* below `count` for expert *i*: `[E, …]` and flattened `[E·F, H]` alike.
    case stackedExperts(bank: Int, count: Int)
    /// The same for the shared experts.
    case stackedShared(bank: Int, count: Int)
    /// Cut into `count` equal runs, run *i* for the router block of bank `firstBank + i`.
    case stackedRouters(firstBank: Int, count: Int)
}

/// How one source tensor lies in the file: its block, and what its parts are for.
package struct Placement: Hashable, Sendable {
    /// Position of the tensor in the list that was recognised.
    package var tensor: Int
    package var place: Place
    /// The role of every part.
    package var role: Role
    package var orientation: Orientation
    /// Elements a row of a part, at least 1.
    package var rowLength: Int
    /// What the elements are: the source's dtype, but for untagged two-byte elements that a layout knows as weights.
    package var dtype: Dtype
    /// The scheme of quantised parts as parts name it: *n* the *n*-th of the model's `quantization`, 0 none.
    package var scheme: Int
    /// For a quantised tensor, the tensor that holds its scales: part *i* is scaled by that tensor's part *i*.
    package var scale: Int?
    /// Of stacked experts: equal runs behind theirs that belong to none, as experts that only return their input may have.
    package var idle = 0

    /// A tensor kept whole among the dense ones.
    package static func dense(_ tensor: Int, _ source: SourceTensor) -> Placement {
        Placement(
            tensor: tensor, place: .dense, role: .other, orientation: .none, rowLength: max(1, source.shape.last ?? 1),
            dtype: source.dtype, scheme: 0, scale: nil)
    }

    /// The number of parts the tensor is cut into.
    package var partCount: Int {
        switch place {
        case .dense, .router, .shared, .expert: 1
        case .stackedExperts(_, let count): count + idle
        case .stackedShared(_, let count), .stackedRouters(_, let count): count
        }
    }
}
