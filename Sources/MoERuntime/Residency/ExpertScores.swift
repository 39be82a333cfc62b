internal import Foundation

/// How much each expert was used lately, whether it is in memory or not: what decides who is evicted.
///
/// `ewma2`: 0.3 · average with a half-life of 1 step + 0.7 · average with one of 32 steps, where a step is one run of the
/// expert's own layer. Averages are normalised (they stay within 0 … 1) and decay only when their layer runs, so that the
/// layer about to run is not at a disadvantage. A value; the cache keeps it under its lock.
struct ExpertScores {
    private struct Usage {
        var fast = 0.0
        var slow = 0.0
        /// The layer's step at which the averages were brought up to date.
        var step: UInt64 = 0
        var uses: UInt64 = 0
        var lastUse: UInt64 = 0
    }

    private static let fastDecay = 0.5
    private static let slowDecay = exp2(-1.0 / 32)

    private let policy: CachePolicy
    private var usage: [Int: Usage] = [:]
    /// Steps of each layer so far.
    private var steps: [Int: UInt64] = [:]
    private var clock: UInt64 = 0

    init(_ policy: CachePolicy) { self.policy = policy }

    /// A layer runs and uses these blocks.
    mutating func use(_ blocks: [Int], ofLayer layer: Int) {
        let step = steps[layer, default: 0] + 1
        steps[layer] = step
        for block in blocks {
            clock += 1
            var used = usage[block] ?? Usage()
            let age = Double(step - used.step)
            used.fast = used.fast * pow(Self.fastDecay, age) + (1 - Self.fastDecay)
            used.slow = used.slow * pow(Self.slowDecay, age) + (1 - Self.slowDecay)
            used.step = step
            used.uses += 1
            used.lastUse = clock
            usage[block] = used
        }
    }

    /// What keeps a block in memory: of two, the one with the smaller key goes first.
    func key(of block: Int, layer: Int) -> (score: Double, lastUse: UInt64) {
        guard let used = usage[block] else { return (0, 0) }
        switch policy {
        case .lru: return (0, used.lastUse)
        case .lfu: return (Double(used.uses), used.lastUse)
        case .ewma2:
            let age = Double(steps[layer, default: 0] - used.step)
            let score = 0.3 * used.fast * pow(Self.fastDecay, age) + 0.7 * used.slow * pow(Self.slowDecay, age)
            return (score, used.lastUse)
        }
    }
}
