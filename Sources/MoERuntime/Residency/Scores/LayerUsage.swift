internal import Foundation

/// What a layer has used so far, in its own runs: averages decay only when it runs, so that the layer about to run is at no
/// disadvantage.
struct LayerUsage {
    /// Uses of one block. Averages are normalised: they stay within 0 … 1, however long the history.
    struct History {
        let block: Int
        /// With a half-life of 1 run, and of 32.
        var fast = 0.0
        var slow = 0.0
        /// The layer's run at which the averages were brought up to date.
        var run: UInt64 = 0
        var uses: UInt64 = 0
        /// The use by the cache's count of all uses.
        var lastUse: UInt64 = 0
    }

    private static let fastDecay = DecayTable(halfLife: 1)
    private static let slowDecay = DecayTable(halfLife: 32)

    /// In the order of their first use, so that sums over them do not depend on chance.
    private(set) var histories: [History] = []
    private var positions: [Int: Int] = [:]
    private(set) var runs: UInt64 = 0
    private var lastRun: UInt64 = 0
    /// Runs of all layers between the last two of this one.
    private var period: UInt64

    /// - Parameter period: what to expect before the layer has run twice.
    init(period: UInt64) { self.period = period }

    /// The layer runs as the `clock`-th of all runs.
    mutating func run(at clock: UInt64) {
        if runs > 0 { period = clock - lastRun }
        lastRun = clock
        runs += 1
    }

    /// The present run uses a block.
    mutating func use(_ block: Int, at use: UInt64) {
        let position = positions[block] ?? histories.count
        if position == histories.count {
            histories.append(History(block: block))
            positions[block] = position
        }
        var history = histories[position]
        let age = runs - history.run
        history.fast = history.fast * Self.fastDecay[age] + (1 - Self.fastDecay[1])
        history.slow = history.slow * Self.slowDecay[age] + (1 - Self.slowDecay[1])
        history.run = runs
        history.uses += 1
        history.lastUse = use
        histories[position] = history
    }

    /// nil for a block that was never used.
    func history(of block: Int) -> History? { positions[block].map { histories[$0] } }

    /// What speaks for a block's use in the next run: its two averages, the slow one of so many runs as there were, and its
    /// share of all runs.
    func features(of history: History) -> UseEstimate.Features {
        let age = runs - history.run
        return UseEstimate.Features(
            history.fast * Self.fastDecay[age],
            history.slow * Self.slowDecay[age] / (1 - Self.slowDecay[max(1, runs)]),
            Double(history.uses) / Double(runs + 1))
    }

    /// The expected wait for a block that each run of this layer uses with this probability, in runs of any layer.
    ///
    /// The layer is expected after as many runs as the last time; when it is overdue, after as many as it has already kept
    /// waiting.
    func wait(at clock: UInt64, probability: Double) -> Double {
        let elapsed = clock - lastRun
        let next = elapsed <= period ? period - elapsed : elapsed
        return Double(next) + (1 / probability - 1) * Double(max(period, elapsed))
    }
}

/// Powers of a decay, looked up: they are needed for every block whenever one is evicted.
private struct DecayTable: Sendable {
    private let powers: [Double]

    init(halfLife: Int) { powers = (0..<(40 * halfLife)).map { exp2(-Double($0) / Double(halfLife)) } }

    /// What is left after so many runs; nothing after 40 half-lives.
    subscript(age: UInt64) -> Double { age < UInt64(powers.count) ? powers[Int(age)] : 0 }
}
