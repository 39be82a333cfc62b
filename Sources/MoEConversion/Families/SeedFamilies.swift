import MoEFormat

extension Family {
    /// The layers of the papers that began the field, by the names that their checkpoints are given here.
    static let seeds: [Family] = [
        // Du et al. 2021, arXiv 2112.06905: GShard's gate, in every other layer.
        Family("glam") { (c) throws(RecognitionError) in try topTwo(c, capacityFactor: nil) },
        // Lepikhin et al. 2020, arXiv 2006.16668, algorithm 1, with the second choice always taken.
        Family("gshard") { (c) throws(RecognitionError) in try topTwo(c, capacityFactor: 2) },
        // Zhou et al. 2022, arXiv 2202.09368: every expert takes its n·c/E best tokens.
        Family("expert_choice") { (c) throws(RecognitionError) in
            var layer = try c.blueprint(.softmax, topK: 1, activation: .gelu)
            layer.router.kind = .expertChoice
            layer.router.capacity = .init(rule: .factor, factor: try c.scope.number("capacity_factor", default: 2))
            layer.warning = "expert choice is not causal: what a token gets depends on the others of its batch"
            return layer
        },
    ]

    private static func topTwo(_ c: FamilyContext, capacityFactor: Double?) throws(RecognitionError) -> LayerBlueprint {
        var layer = try c.blueprint(.softmax, topK: 2, activation: .relu)
        layer.router.normalization = .init(.sum)
        let factor = try c.scope.number("capacity_factor", default: capacityFactor ?? 0)
        if factor > 0 { layer.router.capacity = .init(rule: .factor, factor: factor, order: .rank) }
        return layer
    }
}
