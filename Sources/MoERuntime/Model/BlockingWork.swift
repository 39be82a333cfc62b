internal import Dispatch
internal import Synchronization

/// Work that blocks its thread, kept off the threads that Swift's tasks share.
enum BlockingWork {
    private static let queue = DispatchQueue(label: "swift-moe.forward", attributes: .concurrent)

    static func run(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}

/// Whether a task was cancelled, for code that runs outside it.
final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .relaxed) }

    func set() { value.store(true, ordering: .relaxed) }
}
