/// The probability that a layer's next run uses a block, as a weighted sum of three figures about the block's past.
///
/// The weights begin as 0.3 of the fast average and 0.7 of the slow one, the best fixed ones for recorded routings. Every
/// run shows how well they predicted; weighted least squares, with a decaying memory, fits them to the file at hand: where
/// experts' popularity does not change, the share of all runs comes to decide, and least recently used where only the last
/// token matters.
struct UseEstimate {
    /// Fast average, slow average, share of all runs.
    typealias Features = SIMD3<Double>

    private static let start = Features(0.3, 0.7, 0)
    /// How much the first weights count against what was seen, in runs.
    private static let startRuns = 100.0
    /// What remains of them however much was seen: keeps the equations solvable.
    private static let leastStartRuns = 1.0
    /// What is kept of a run's evidence when the next one comes.
    private static let memory = 0.9995

    private(set) var weights = start
    /// Σ x xᵀ / p, by columns, and Σ x y / p.
    private var moments = (
        Features(startRuns, 0, 0), Features(0, startRuns, 0), Features(0, 0, startRuns)
    )
    private var products = startRuns * start

    /// Between a thousandth and nearly 1, whatever the weights are.
    func probability(_ features: Features) -> Double { min(max((weights * features).sum(), 0.001), 0.98) }

    /// Compares what was expected of a layer's run with what it used.
    ///
    /// - Complexity: O(blocks of the layer used so far).
    mutating func learn(from usage: LayerUsage, used: [Int]) {
        // A batch that uses most experts says little about what a token uses.
        guard usage.runs > 0, !used.isEmpty, 2 * used.count <= usage.histories.count + 1 else { return }
        let used = Set(used)
        let forgotten = 1 - Self.memory
        let kept = forgotten * Self.leastStartRuns
        moments.0 = Self.memory * moments.0 + Features(kept, 0, 0)
        moments.1 = Self.memory * moments.1 + Features(0, kept, 0)
        moments.2 = Self.memory * moments.2 + Features(0, 0, kept)
        products = Self.memory * products + kept * Self.start
        let floor = 0.1 * Double(used.count) / Double(usage.histories.count)
        for history in usage.histories {
            let x = usage.features(of: history)
            // Rare events vary less: without this weight the few that are used all the time would decide alone.
            let weight = 1 / (max(floor, probability(x)) * Double(used.count))
            moments.0 += weight * x.x * x
            moments.1 += weight * x.y * x
            moments.2 += weight * x.z * x
            if used.contains(history.block) { products += weight * x }
        }
        solve()
    }

    /// Cramer's rule.
    private mutating func solve() {
        let (a, b, c) = moments
        let determinant = (a * b.cross(c)).sum()
        guard determinant > 1e-9 else { return }
        weights =
            Features(
                (products * b.cross(c)).sum(), (a * products.cross(c)).sum(), (a * b.cross(products)).sum())
            / determinant
    }
}

extension SIMD3<Double> {
    fileprivate func cross(_ other: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(y, z, x) * SIMD3(other.z, other.x, other.y) - SIMD3(z, x, y) * SIMD3(other.y, other.z, other.x)
    }
}
