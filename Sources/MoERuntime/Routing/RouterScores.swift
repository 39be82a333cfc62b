internal import MoEFormat

/// The score functions of SPEC.md §9.2, in double precision from f32 logits.
enum RouterScores {
    /// eˡ / Σ eˡ with the maximum taken out first; summed in index order.
    static func softmax(_ logits: [Double]) -> [Double] {
        let maximum = RankOrder.maximum(of: logits)
        let terms = logits.map { Elementary.exp($0 - maximum) }
        let sum = terms.reduce(0, +)
        return terms.map { $0 / sum }
    }

    /// What experts are compared by.
    static func selection(_ kind: RouterDescription.Score, _ logits: [Double]) -> [Double] {
        switch kind {
        case .softmax: softmax(logits)
        // log σ is σ's logarithm: the choice is by σ, so that a selection bias means the same as for `sigmoid`.
        case .sigmoid, .logSigmoidNormalized: logits.map { Elementary.sigmoid($0) }
        case .sqrtSoftplus: logits.map { Elementary.softplus($0).squareRoot() }
        case .softmaxOfChosen, .sigmoidOfChosen, .sparsemixer: logits
        }
    }

    /// The weights of chosen experts, from their unbiased scores and logits, and of the shared rows.
    static func weights(
        _ kind: RouterDescription.Score, scores: [Double], logits: [Double], shared: [Double]
    ) -> (chosen: [Double], shared: [Double]) {
        switch kind {
        case .softmax, .sigmoid, .sqrtSoftplus, .sparsemixer: (scores, shared.map { Elementary.sigmoid($0) })
        case .softmaxOfChosen: (softmax(logits), [])
        case .sigmoidOfChosen: (logits.map { Elementary.sigmoid($0) }, shared.map { Elementary.sigmoid($0) })
        case .logSigmoidNormalized:
            split(softmax((logits + shared).map { -Elementary.softplus(-$0) }), at: logits.count)
        }
    }

    private static func split(_ values: [Double], at count: Int) -> ([Double], [Double]) {
        (Array(values.prefix(count)), Array(values.dropFirst(count)))
    }
}
