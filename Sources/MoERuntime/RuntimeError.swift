public import MoEFormat

/// Why the runtime could not do what was asked.
public enum RuntimeError: Error, Equatable, Sendable {
    /// The file, or what was asked of it: damaged bytes, wrong arguments, an unsupported router.
    case file(FormatError)
    /// The experts that a step needs at once do not fit the memory budget; `needed` is the smallest budget that would do.
    case budgetTooSmall(needed: Int, budget: Int)
    /// The task was cancelled.
    case cancelled
}

extension RuntimeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .budgetTooSmall(let needed, let budget):
            "the memory budget of \(budget) bytes is too small: at least \(needed) bytes are needed"
        case .cancelled: "cancelled"
        }
    }
}
