import MoEFormat
import Testing

@testable import MoEConversion

/// The order in which a source lists its tensors says nothing.
@Suite struct OrderTests {
    @Test(arguments: RecognitionCase.all)
    func resultsDoNotDependOnTheOrder(_ item: RecognitionCase) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        let expected = try Recognition(of: item.tensors, config: item.config)
        let order = item.tensors.indices.shuffled(using: &random)
        let shuffled = try Recognition(of: order.map { item.tensors[$0] }, config: item.config)
        #expect(shuffled.banks == expected.banks, "seed \(seed)")
        #expect(shuffled.model == expected.model, "seed \(seed)")
        #expect(shuffled.warnings == expected.warnings, "seed \(seed)")
        #expect(Set(shuffled.unrecognized.map { order[$0] }) == Set(expected.unrecognized), "seed \(seed)")
        for (position, original) in order.enumerated() {
            var placement = shuffled.placements[position]
            placement.tensor = original
            placement.scale = placement.scale.map { order[$0] }
            #expect(placement == expected.placements[original], "seed \(seed), \(item.tensors[original].name)")
        }
    }
}

/// A generator whose sequence its seed tells: SplitMix64, Steele et al. 2014.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
