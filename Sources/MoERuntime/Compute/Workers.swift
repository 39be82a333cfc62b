internal import Dispatch

/// How many threads a computation may use, and the splitting of one job among them.
///
/// What a part computes must not depend on the number of parts; then results do not depend on `count` either.
package struct Workers: Sendable {
    /// At least 1.
    package let count: Int

    package init(_ count: Int) { self.count = max(1, count) }

    /// Runs `body(0 ..< parts)`, at most `count` at a time, and returns when all are done.
    func run(parts: Int, _ body: @Sendable (Int) -> Void) {
        guard parts > 1, count > 1 else {
            for part in 0..<max(0, parts) { body(part) }
            return
        }
        let lanes = min(parts, count)
        DispatchQueue.concurrentPerform(iterations: lanes) { lane in
            var part = lane
            while part < parts {
                body(part)
                part += lanes
            }
        }
    }
}
