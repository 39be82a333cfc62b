internal import MoEFormat

extension RouterDescription.Groups {
    /// Replaces the scores of all groups but the best `kept` with `fill`.
    func limit(_ scores: inout [Double]) {
        let size = scores.count / max(1, self.count)
        guard size > 0 else { return }
        let groupScores = (0..<self.count).map { group in
            let members = scores[(group * size)..<((group + 1) * size)]
            return switch score {
            case .max: RankOrder.maximum(of: members)
            case .sumOfTop2: RankOrder.top(2, of: Array(members)).reduce(0) { $0 + members[group * size + $1] }
            }
        }
        let best = Set(RankOrder.top(kept, of: groupScores))
        let value = fill == .zero ? 0 : -Double.infinity
        for group in 0..<self.count where !best.contains(group) {
            for index in (group * size)..<((group + 1) * size) { scores[index] = value }
        }
    }
}
