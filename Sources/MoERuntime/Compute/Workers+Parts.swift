internal import Dispatch
internal import MoESystem

extension Workers {
    /// Runs `body(0 ..< parts)` and returns when all are done: `forEach` for work that cannot fail.
    ///
    /// What a part computes must not depend on the number of parts; then results do not depend on `count` either.
    func run(parts: Int, _ body: @Sendable (Int) -> Void) {
        let lanes = min(parts, count)
        guard lanes > 1 else {
            for part in 0..<max(0, parts) { body(part) }
            return
        }
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            for part in stride(from: lane, to: parts, by: lanes) { body(part) }
        }
    }
}
