internal import MoESystem

/// The time spent in each phase of running layers, summed over all threads.
final class PhaseClock: Sendable {
    enum Phase {
        case routing, waiting, computing
    }

    struct Seconds {
        var routing = 0.0
        var waiting = 0.0
        var computing = 0.0
    }

    private let total = Locked(Seconds())

    var seconds: Seconds { total.withLock { $0 } }

    /// Runs `body` and adds its time to a phase.
    func time<Result, Failure: Error>(_ phase: Phase, _ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let start = ContinuousClock.now
        defer {
            let seconds = start.duration(to: .now).inSeconds
            total.withLock { total in
                switch phase {
                case .routing: total.routing += seconds
                case .waiting: total.waiting += seconds
                case .computing: total.computing += seconds
                }
            }
        }
        return try body()
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
