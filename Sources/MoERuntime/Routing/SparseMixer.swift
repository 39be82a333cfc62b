/// The inference form of SparseMixer (Liu et al. 2024, GRIN): each pass takes the best expert left and weights it by a
/// softmax over those that come close to it.
enum SparseMixer {
    static func choose(_ count: Int, logits: [Double], jitter: Double) -> [Choice] {
        var left = logits
        var choices: [Choice] = []
        for _ in 0..<count {
            // Where nothing but −∞ or NaN is left, the ranks alone would offer an expert again.
            let taken = choices.map(\.expert)
            guard let best = RankOrder.top(choices.count + 1, of: left).first(where: { !taken.contains($0) }) else {
                break
            }
            let maximum = left[best]
            // The threshold is relative to the original logit, also of an expert that an earlier pass took.
            let survivors = left.indices.map { i in
                let factor = max(abs(logits[i]), maximum)
                return (maximum - logits[i]) / factor > 2 * jitter ? -.infinity : left[i]
            }
            choices.append(
                Choice(expert: best, score: logits[best], weight: RouterScores.softmax(survivors)[best]))
            left[best] = -.infinity
        }
        return choices
    }
}
