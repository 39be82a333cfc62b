/// The order in which experts are chosen: higher score first, the lower index among equals, NaN last.
///
/// It is a total order, so that any input, NaN included, gives one defined choice.
enum RankOrder {
    static func precedes(_ a: Double, _ i: Int, _ b: Double, _ j: Int) -> Bool {
        if a.isNaN != b.isNaN { return b.isNaN }
        if a > b { return true }
        if a < b { return false }
        return i < j
    }

    /// The indices of the `count` best scores, in rank order.
    ///
    /// Mostly O(n) for few: a score that does not reach the best `count` so far costs one comparison. O(n · log n) for many.
    static func top(_ count: Int, of scores: [Double]) -> [Int] {
        guard count <= 8 || count <= 64 && count * 4 < scores.count else {
            return Array(scores.indices.sorted { precedes(scores[$0], $0, scores[$1], $1) }.prefix(count))
        }
        var best: [Int] = []
        best.reserveCapacity(count + 1)
        for index in scores.indices {
            if best.count == count, let last = best.last, !precedes(scores[index], index, scores[last], last) {
                continue
            }
            var place = best.count
            while place > 0, precedes(scores[index], index, scores[best[place - 1]], best[place - 1]) { place -= 1 }
            best.insert(index, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }

    /// The greatest value; −∞ when there is none but NaN.
    static func maximum(of values: some Sequence<Double>) -> Double {
        values.reduce(-.infinity) { $1 > $0 ? $1 : $0 }
    }
}
