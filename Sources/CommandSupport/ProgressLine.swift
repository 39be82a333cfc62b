import MoESystem

/// One line on the terminal that tells how far a long piece of work is: bytes, speed, time left.
///
/// Silent where stderr is no terminal. Safe to call from any thread, as often as one likes.
package final class ProgressLine: Sendable {
    private let label: String
    private let total: UInt64
    private let isShown: Bool
    private let start = ContinuousClock.now
    private let lastShown: Locked<ContinuousClock.Instant>

    package init(_ label: String, total: UInt64, isQuiet: Bool) {
        self.label = label
        self.total = total
        isShown = !isQuiet && StandardError.isTerminal
        lastShown = Locked(start)
    }

    /// Shows the work as done so far, at most ten times a second.
    package func update(_ done: UInt64) {
        guard isShown else { return }
        let now = ContinuousClock.now
        let isDue = lastShown.withLock { last in
            guard now - last >= .milliseconds(100) else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        StandardError.raw("\r\u{1B}[K" + Self.text(label, done, of: total, elapsed: now - start))
    }

    /// Clears the line.
    package func finish() {
        if isShown { StandardError.raw("\r\u{1B}[K") }
    }

    /// What the line says; totals come from files, which may claim anything.
    package static func text(_ label: String, _ done: UInt64, of total: UInt64, elapsed: Duration) -> String {
        let seconds = max(0.001, Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
        let speed = Double(done) / seconds
        let percent = total == 0 ? 100 : Int(min(Double(done) / Double(total), 1) * 100)
        let left = speed > 0 && total > done ? Double(total - done) / speed : 0
        return "\(label) \(percent)%  \(ByteSize.text(done)) of \(ByteSize.text(total))  "
            + "\(ByteSize.text(UInt64(exactly: speed.rounded()) ?? .max))/s  \(time(left)) left"
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 359_999).rounded(.up))
        let (minutes, rest) = (whole / 60, whole % 60)
        if minutes == 0 { return "\(rest) s" }
        return minutes < 60 ? "\(minutes) min \(rest) s" : "\(minutes / 60) h \(minutes % 60) min"
    }
}
