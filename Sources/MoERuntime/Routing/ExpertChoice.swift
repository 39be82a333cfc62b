/// Expert choice (Zhou et al. 2022): each expert takes its best tokens, in place of each token its best experts.
///
/// Not causal: what a token gets depends on the others of its batch, later ones too.
enum ExpertChoice {
    /// Keeps, of all choices of all tokens, the `places` best of each expert; a token's are then in rank order.
    ///
    /// - Parameter tokens: for each token every choice, by index.
    static func keepBest(_ tokens: inout [[Choice]], places: Int, choices: Int) {
        var kept = [[Choice]](repeating: [], count: tokens.count)
        for expert in 0..<choices {
            for token in RankOrder.top(places, of: tokens.map { $0[expert].score }) {
                kept[token].append(tokens[token][expert])
            }
        }
        tokens = kept.map { $0.sorted { RankOrder.precedes($0.score, $0.expert, $1.score, $1.expert) } }
    }
}
