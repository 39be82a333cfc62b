import MoESystem
import Testing

@testable import MoERuntime

/// Routing and compute against the outputs of the reference implementations.
@Suite struct ReferenceTests {
    @Test(arguments: ReferenceLayer.all)
    func choosesTheSameExperts(_ reference: ReferenceLayer) throws {
        let routing = try reference.makeRouter().route(reference.x, tokens: reference.tokens)
        #expect(Array(routing.experts) == reference.chosen)
        for (token, weights) in routing.weights.enumerated() {
            #expect(weights.count == reference.weights[token].count)
            for (ours, theirs) in zip(weights, reference.weights[token]) {
                #expect(abs(ours - theirs) <= 1e-5 * max(1, abs(theirs)))
            }
        }
    }

    @Test(arguments: ReferenceLayer.all)
    func computesTheSameOutput(_ reference: ReferenceLayer) throws {
        let output = try reference.forward(tokens: 0..<reference.tokensWithOutput)
        let largest = reference.y.map(abs).max() ?? 0
        let error = zip(output, reference.y).map { abs($0 - $1) }.max() ?? .infinity
        #expect(output.count == reference.y.count)
        #expect(error <= 2e-5 * largest)
    }

    @Test(arguments: ReferenceLayer.all)
    func givesTheSameBitsHoweverItIsComputed(_ reference: ReferenceLayer) throws {
        let tokens = 0..<reference.tokensWithOutput
        let whole = try reference.forward(tokens: tokens)
        let alone = try tokens.flatMap { try reference.forward(tokens: $0..<($0 + 1)) }
        #expect(whole.map(\.bitPattern) == alone.map(\.bitPattern))
        let reversed = try reference.forward(tokens: tokens) { $0.reversed() }
        #expect(whole.map(\.bitPattern) == reversed.map(\.bitPattern))
        let parallel = try reference.forward(tokens: tokens, workers: Workers(2))
        #expect(whole.map(\.bitPattern) == parallel.map(\.bitPattern))
        let inWaves = try reference.forward(tokens: tokens, waveBytes: 1)
        #expect(whole.map(\.bitPattern) == inWaves.map(\.bitPattern))
    }
}
