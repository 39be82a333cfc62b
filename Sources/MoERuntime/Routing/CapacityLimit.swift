internal import MoEFormat

extension RouterDescription.Capacity {
    /// How many tokens an expert serves of a batch.
    func limit(tokens count: Int, experts: Int) -> Int {
        let batch = Double(count)
        let places: Double
        switch rule {
        case .factor: places = (batch / Double(max(1, experts)) * factor).rounded(.down)
        case .fixed: places = Double(tokens)
        case .nllb:
            places = factor > 0 ? (factor * batch).rounded(.up) : 2 * (batch / Double(max(1, experts))).rounded(.up)
        }
        // No expert serves a token twice: more places than tokens mean the same as one each.
        return max(minimum, Int(min(max(places, 0), batch)))
    }

    /// Marks the choices that find their expert full.
    ///
    /// Claims are served in token order or, by rank, all first choices in token order before all second ones.
    func drop(_ choices: inout [[Choice]], experts: Int) {
        let places = limit(tokens: choices.count, experts: experts)
        var claims = [Int](repeating: 0, count: experts)
        func claim(_ token: Int, _ rank: Int) {
            let expert = choices[token][rank].expert
            guard expert < experts else { return }
            claims[expert] += 1
            if claims[expert] > places { choices[token][rank].isDropped = true }
        }
        switch order {
        case .token:
            for token in choices.indices {
                for rank in choices[token].indices { claim(token, rank) }
            }
        case .rank:
            for rank in 0..<(choices.map(\.count).max() ?? 0) {
                for token in choices.indices where rank < choices[token].count { claim(token, rank) }
            }
        }
    }
}
