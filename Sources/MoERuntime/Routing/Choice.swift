/// A token's choice of one expert while it is being made.
struct Choice: Hashable, Sendable {
    var expert: Int
    /// What it was chosen for.
    var score: Double
    var weight: Double
    var isDropped = false
}
