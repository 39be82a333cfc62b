internal import MoEFormat

extension RouterDescription {
    /// The steps from raw weights to final ones: normalisation, scale, the expert's own scale, the router's global one;
    /// then the choices are put into rank order.
    ///
    /// A dropped choice gets weight 0 and keeps its rank; whether it counts in the norm is the capacity rule's affair.
    func finish(_ choices: inout [Choice], tensors: RouterTensors, countingDropped: Bool) {
        let divisor = normalization.map { rule in
            rule.divisor(of: choices.lazy.filter { countingDropped || !$0.isDropped }.map(\.weight))
        }
        for i in choices.indices {
            if choices[i].expert < tensors.perExpertScale.count {
                choices[i].weight *= Double(tensors.perExpertScale[choices[i].expert])
            }
        }
        if kind != .all { sortByWeight(&choices) }
        for i in choices.indices {
            if let divisor { choices[i].weight /= divisor }
            choices[i].weight *= scale * Double(tensors.globalScale)
            if choices[i].isDropped { choices[i].weight = 0 }
        }
    }

    /// Descending by weight; equal ones stay in the order in which they were chosen.
    private func sortByWeight(_ choices: inout [Choice]) {
        guard choices.count <= 64 else {
            // The order is total, places included: equal weights stay as they are.
            choices = choices.indices.sorted {
                RankOrder.precedes(choices[$0].weight, $0, choices[$1].weight, $1)
            }.map { choices[$0] }
            return
        }
        // Mostly sorted already, and short.
        for i in choices.indices.dropFirst() {
            var place = i
            while place > 0, RankOrder.precedes(choices[place].weight, place, choices[place - 1].weight, place - 1) {
                choices.swapAt(place, place - 1)
                place -= 1
            }
        }
    }
}

extension RouterDescription.Normalization {
    /// Σw + ε or max(Σw, ε), with (Σ|w|ᵖ)^(1/p) in place of Σw for p other than 1; summed in rank order.
    func divisor(of weights: some Sequence<Double>) -> Double {
        let norm: Double
        switch p {
        case 1: norm = weights.reduce(0, +)
        case 2: norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
        default: norm = Elementary.power(weights.reduce(0) { $0 + Elementary.power(abs($1), p) }, 1 / p)
        }
        switch kind {
        case .sum: return norm + epsilon
        case .sumClamped: return norm < epsilon ? epsilon : norm
        }
    }
}
