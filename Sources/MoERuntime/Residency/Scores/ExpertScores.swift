/// Who is evicted: how much each block was used, kept whether it is in memory or not.
///
/// A value; the cache keeps it under its lock.
struct ExpertScores {
    private let policy: CachePolicy
    private var layers: [Int: LayerUsage] = [:]
    private var fit = UseEstimate()
    /// Runs of any layer so far: the clock in which layers come round.
    private var runs: UInt64 = 0
    /// Uses of any block so far.
    private var uses: UInt64 = 0
    /// After how many runs a layer is expected again that has run only once: when all others have.
    private let firstPeriod: UInt64

    /// - Parameter layerCount: the layers that share the cache.
    init(_ policy: CachePolicy, layerCount: Int) {
        self.policy = policy
        firstPeriod = UInt64(max(1, layerCount))
    }

    /// A layer runs and uses these blocks.
    ///
    /// - Complexity: O(blocks of the layer used so far).
    mutating func use(_ blocks: [Int], ofLayer layer: Int) {
        runs += 1
        var usage = layers.removeValue(forKey: layer) ?? LayerUsage(period: firstPeriod)
        if policy == .ewma2 { fit.learn(from: usage, used: blocks) }
        usage.run(at: runs)
        for block in blocks {
            uses += 1
            usage.use(block, at: uses)
        }
        layers[layer] = usage
    }

    /// How much a block is wanted: of two, the one with the smaller worth goes first.
    func worth(of block: Int, ofLayer layer: Int) -> Worth {
        guard let usage = layers[layer], let history = usage.history(of: block) else {
            return Worth(score: -.infinity, lastUse: 0)
        }
        let score: Double =
            switch policy {
            case .lru: 0
            case .lfu: Double(history.uses)
            case .ewma2:
                -usage.wait(at: runs, probability: fit.probability(usage.features(of: history)))
            }
        return Worth(score: score, lastUse: history.lastUse)
    }

    struct Worth: Comparable {
        let score: Double
        /// Decides between equal scores: the one used longer ago goes first.
        let lastUse: UInt64

        static func < (a: Worth, b: Worth) -> Bool { (a.score, a.lastUse) < (b.score, b.lastUse) }
    }
}
