import Foundation
import Testing

@testable import MoERuntime

/// The scores on routings whose best policy is known; a cache of equal blocks around them.
@Suite struct PolicyTests {
    private struct Shape {
        var layers = 4
        var experts = 32
        var chosen = 3
        var tokens = 160
        var skew = 0.8
        var reuse = 0.0
        /// Tokens after which each layer prefers other experts.
        var topic = Int.max
    }

    /// [token][layer] chosen experts: Zipf's law over a private order of each layer, mixed with what the last token used.
    private static func routing(_ shape: Shape, seed: UInt64) -> [[[Int]]] {
        var random = SeededGenerator(state: seed)
        let weights = (1...shape.experts).map { pow(Double($0), -shape.skew) }
        let sum = weights.reduce(0, +)
        var orders = (0..<shape.layers).map { _ in Array(0..<shape.experts).shuffled(using: &random) }
        var last: [[Int]] = Array(repeating: [], count: shape.layers)
        return (0..<shape.tokens).map { token in
            if token > 0, token % shape.topic == 0 {
                orders = orders.map { _ in Array(0..<shape.experts).shuffled(using: &random) }
            }
            return (0..<shape.layers).map { layer in
                var chosen = Set(last[layer].filter { _ in Double.random(in: 0..<1, using: &random) < shape.reuse })
                while chosen.count < shape.chosen {
                    var place = Double.random(in: 0..<sum, using: &random)
                    let rank = weights.firstIndex { weight in
                        place -= weight
                        return place < 0
                    }
                    chosen.insert(orders[layer][rank ?? 0])
                }
                last[layer] = chosen.sorted()
                return last[layer]
            }
        }
    }

    private struct SeededGenerator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// Hits in percent.
    private static func hits(_ routing: [[[Int]]], experts: Int, policy: CachePolicy, share: Double) -> Double {
        let layers = routing[0].count
        let room = Int(Double(layers * experts) * share)
        var scores = ExpertScores(policy, layerCount: layers)
        var kept: Set<Int> = []
        var hits = 0
        var uses = 0
        for token in routing {
            for (layer, chosen) in token.enumerated() {
                let blocks = chosen.map { layer * experts + $0 }
                scores.use(blocks, ofLayer: layer)
                uses += blocks.count
                hits += blocks.count { kept.contains($0) }
                let others = kept.subtracting(blocks)
                let surplus = others.count + blocks.count - room
                if surplus > 0 {
                    let least = others.map { ($0, scores.worth(of: $0, ofLayer: $0 / experts)) }
                        .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
                    kept.subtract(least.prefix(surplus).map(\.0))
                }
                kept.formUnion(blocks)
            }
        }
        return 100 * Double(hits) / Double(uses)
    }

    @Test(arguments: [0.12, 0.25])
    func theDefaultIsAtLeastAsGoodAsTheOthers(share: Double) {
        let seed: UInt64 = 1
        for shape in [
            Shape(), Shape(skew: 1.1), Shape(reuse: 0.3), Shape(skew: 1.1, reuse: 0.2, topic: 60),
            Shape(chosen: 2, reuse: 0.35, topic: 80),
        ] {
            let routing = Self.routing(shape, seed: seed)
            let hits = { Self.hits(routing, experts: shape.experts, policy: $0, share: share) }
            let best = max(hits(.lru), hits(.lfu))
            // Where popularity never changes, counting from the first use on is the best there is; to learn that costs some of these
            // few uses.
            #expect(hits(.ewma2) >= best - 1, "seed \(seed), \(shape)")
        }
    }

    /// A token needs 12 blocks, and there is room for 6: whoever keeps the last used keeps nothing until it is needed.
    @Test func belowATokensWorkingSetSomethingIsHit() {
        let routing = Self.routing(Shape(reuse: 0.3), seed: 3)
        #expect(Self.hits(routing, experts: 32, policy: .lru, share: 6.0 / 128) == 0)
        #expect(Self.hits(routing, experts: 32, policy: .ewma2, share: 6.0 / 128) > 10)
    }

    /// A layer's blocks do not lose by other layers' runs.
    @Test func whatALayerUsesInEachRunOutlastsWhatOthersUseOnce() {
        var scores = ExpertScores(.ewma2, layerCount: 3)
        for token in 0..<20 {
            scores.use([0], ofLayer: 0)
            scores.use([100 + token], ofLayer: 1)
            scores.use([200 + token], ofLayer: 2)
        }
        for other in [118, 119, 218, 219] {
            #expect(scores.worth(of: other, ofLayer: other / 100) < scores.worth(of: 0, ofLayer: 0))
        }
    }

    @Test func theWeightsBeginAsTwoAverages() {
        let start = UseEstimate()
        #expect(start.weights == SIMD3(0.3, 0.7, 0))
        #expect(start.probability(SIMD3(0, 0, 0)) > 0)
    }
}
