import MoEFormat
import Testing

@testable import MoERuntime

@Suite struct GateNoiseTests {
    /// The known answers of Random123's `kat_vectors` for philox4x32-10.
    @Test func philoxGivesItsKnownAnswers() {
        #expect(Philox.words(counter: .zero, key: .zero) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        let ones = UInt32.max
        #expect(
            Philox.words(counter: SIMD4(repeating: ones), key: SIMD2(repeating: ones))
                == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            Philox.words(
                counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: [0xa409_3822, 0x299f_31d0])
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test func samplesAreStandardNormal() {
        let noise = GateNoise(seed: 42, layer: 3)
        let samples = (0..<200).flatMap { token in (0..<100).map { noise.sample(token: token, row: $0) } }
        let mean = samples.reduce(0, +) / Double(samples.count)
        let variance = samples.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(samples.count)
        let tail = Double(samples.filter { abs($0) > 1.96 }.count) / Double(samples.count)
        #expect(abs(mean) < 0.03 && abs(variance - 1) < 0.03 && abs(tail - 0.05) < 0.01)
    }

    @Test func everyPartOfTheKeyCounts() {
        let a = GateNoise(seed: 1, layer: 0).sample(token: 0, row: 0)
        #expect(a == GateNoise(seed: 1, layer: 0).sample(token: 0, row: 0))
        #expect(a != GateNoise(seed: 2, layer: 0).sample(token: 0, row: 0))
        #expect(a != GateNoise(seed: 1 << 32 | 1, layer: 0).sample(token: 0, row: 0))
        #expect(a != GateNoise(seed: 1, layer: 1).sample(token: 0, row: 0))
        #expect(a != GateNoise(seed: 1, layer: 0).sample(token: 1, row: 0))
        #expect(a != GateNoise(seed: 1, layer: 0).sample(token: 0, row: 1))
    }

    /// H(x) = x·W + N(0, 1) · softplus(x·Wnoise), only when asked for and whatever the batch: Shazeer et al. 2017, eq. 4.
    @Test func noiseIsAddedWhenAskedFor() throws {
        let reference = try #require(ReferenceLayer.all.first { $0.name == "shazeer_topk" })
        let router = try reference.makeRouter()
        let quiet = try router.route(reference.x, tokens: reference.tokens)
        var options = RoutingOptions()
        options.noiseSeed = 5
        let noisy = try router.route(reference.x, tokens: reference.tokens, options: options)
        #expect(noisy != quiet)
        #expect(noisy == (try router.route(reference.x, tokens: reference.tokens, options: options)))
        for token in 0..<reference.tokens {
            let width = reference.layer.hiddenSize
            options.firstToken = token
            let row = Array(reference.x[(token * width)..<((token + 1) * width)])
            let alone = try router.route(row, tokens: 1, options: options)
            #expect(alone.experts[0] == noisy.experts[token] && alone.weights[0] == noisy.weights[token])
        }
    }
}
