import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// A layer's sum over experts, shared experts and projections, against the formula in double precision.
@Suite struct LayerComputeTests {
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var layer: NaiveLayer

        init(_ name: String, _ change: (inout NaiveLayer) -> Void = { _ in }) {
            testDescription = name
            var layer = NaiveLayer()
            change(&layer)
            self.layer = layer
        }
    }

    static func shared(
        _ gate: LayerDescription.Shared.Gate, _ combination: LayerDescription.Shared.Combination = .add,
        scale: Double = 1
    ) -> LayerDescription.Shared {
        var shared = LayerDescription.Shared(function: 1, expertSize: 12)
        shared.gate = gate
        shared.combination = combination
        shared.scale = scale
        return shared
    }

    static func function(_ kind: ExpertFunction.Kind, _ activation: ExpertFunction.Activation) -> ExpertFunction {
        ExpertFunction(kind, activation: activation)
    }

    static let clamped: ExpertFunction = {
        var function = ExpertFunction(.gated, activation: .silu)
        function.alpha = 1.702
        function.gateClamp = Clamp(maximum: 0.4)
        function.upClamp = Clamp(minimum: -0.3, maximum: 0.3)
        function.upOffset = 1
        return function
    }()

    static let clampedAfter: ExpertFunction = {
        var function = ExpertFunction(.gated, activation: .silu)
        function.activatedClamp = Clamp(maximum: 0.1)
        function.upClamp = Clamp(minimum: -0.2, maximum: 0.2)
        return function
    }()

    static let clampedOddly: ExpertFunction = {
        var function = ExpertFunction(.gated, activation: .tanh)
        function.gateClamp = Clamp(minimum: -0.5, maximum: 0.25)
        function.activatedClamp = Clamp(minimum: -0.2)
        function.upClamp = Clamp(minimum: -0.1, maximum: 0.6)
        return function
    }()

    static let cases: [Case] =
        [
            Case("plain"), Case("without biases") { $0.biases = false },
            Case("linear") { $0.function = function(.linear, .identity) },
            Case("linear, another output size") {
                $0.function = function(.linear, .identity)
                $0.output = 7
            },
            Case("gpt-oss activation") { $0.function = clamped },
            Case("clamped after the activation") { $0.function = clampedAfter },
            Case("clamps that the kernels do not have") { $0.function = clampedOddly },
            Case("soft-capped activation") {
                $0.function.gateSoftcap = 0.5
                $0.function.upSoftcap = 0.3
                $0.function.upOffset = 0.1
            },
            Case("norms around the experts") {
                $0.latent = 16
                $0.latentNorm = .init(epsilon: 1e-5, offset: 1)
                $0.expertNorm = .init(epsilon: 1e-8, offset: 1)
            },
            Case("norm of the output") {
                $0.outputNorm = .init(epsilon: 1e-6)
                $0.shared = shared(.none)
                $0.sharedCount = 1
                $0.outputScale = 2
            },
            Case("norm of the experts' outputs alone") { $0.expertNorm = .init(epsilon: 1e-6) },
            Case("weight on the input") { $0.weightOn = .input },
            Case("identity experts") { $0.identityExperts = 3 },
            Case("latent projections") { $0.latent = 16 },
            Case("latent projections with biases") {
                $0.latent = 16
                $0.projectionBiases = true
                $0.routedScale = 0.8
            },
            Case("latent projections, identity experts, shared expert") {
                $0.latent = 16
                $0.identityExperts = 2
                $0.shared = shared(.none)
                $0.sharedCount = 1
            },
            Case("two shared experts") {
                $0.shared = shared(.none, scale: 0.7)
                $0.sharedCount = 2
            },
            Case("sigmoid gated shared expert") {
                $0.shared = shared(.sigmoid)
                $0.sharedCount = 1
            },
            Case("averaged shared expert") {
                $0.shared = shared(.none, .average)
                $0.sharedCount = 1
                $0.outputBias = true
            },
            Case("shared experts weighted by the router") {
                $0.shared = shared(.router)
                $0.sharedCount = 2
            },
            Case("scales and output bias") {
                $0.routedScale = 0.8
                $0.outputScale = 1.25
                $0.outputBias = true
                $0.shared = shared(.none)
                $0.sharedCount = 1
            },
        ]
        + [
            ExpertFunction.Activation.identity, .relu, .reluSquared, .gelu, .geluTanh, .silu, .sigmoid, .tanh,
            .quickGelu,
        ].flatMap { activation in
            [
                Case("gated \(activation)") { $0.function = function(.gated, activation) },
                Case("two layers, \(activation)") { $0.function = function(.mlp, activation) },
            ]
        }

    private func run(
        _ model: NaiveLayer.Model, hidden: [Float], tokens: Int, workers: Workers = Workers(1),
        waveBytes: Int = LayerCompute.waveBytes
    ) throws -> (output: [Float], routing: Routing) {
        let width = model.description.hiddenSize
        let experts = model.experts.count
        let tensors = try RouterTensors(
            model.routerParts, router: model.router, experts: experts, hidden: width, name: "test")
        let router = try Router(model.router, tensors: tensors, experts: experts, hiddenSize: width, name: "test")
        let routing = try router.route(hidden, tokens: tokens, workers: workers)
        let layer = try LayerCompute(
            model.description, router: model.router, functions: model.functions, experts: experts,
            sharedExperts: model.shared.count, routerBlock: model.routerParts, name: "test")
        var output = [Float](repeating: .nan, count: tokens * model.description.outputSize)
        var buffers = LayerBuffers()
        var scratch = ExpertScratch()
        for run in layer.waves(of: routing, bytes: waveBytes) {
            let wave = layer.begin(hidden, tokens: run, routing: routing, buffers: &buffers, workers: workers)
            for expert in wave.experts.shuffled() {
                let weights = try layer.expert(expert, model.experts[expert].parts())
                wave.add(expert, weights, scratch: &scratch, workers: workers)
            }
            for (index, expert) in model.shared.enumerated().shuffled() {
                wave.add(
                    shared: index, try layer.shared(index, expert.parts(shared: true)), scratch: &scratch,
                    workers: workers)
            }
            wave.finish(into: &output, buffers: &buffers, workers: workers)
        }
        return (output, routing)
    }

    @Test(arguments: cases)
    func followsTheFormula(_ testCase: Case) throws {
        let model = testCase.layer.make()
        let tokens = 7
        let width = model.description.hiddenSize
        let size = model.description.outputSize
        var generator = SeededGenerator(seed: 99)
        let hidden = generator.floats(tokens * width)
        let (output, routing) = try run(model, hidden: hidden, tokens: tokens)
        for token in 0..<tokens {
            let x = hidden[(token * width)..<((token + 1) * width)].map { Double($0) }
            let shared = model.router.sharedInRouter
            let expected = model.output(
                x, experts: routing.experts[token], weights: routing.weights[token],
                sharedWeights: Array(routing.sharedWeights.dropFirst(token * shared).prefix(shared)))
            let largest = expected.map(abs).max() ?? 0
            for (a, b) in zip(output[(token * size)..<((token + 1) * size)], expected) {
                #expect(abs(Double(a) - b) <= 2e-6 * max(largest, 0.1))
            }
        }
        let bits = output.map(\.bitPattern)
        #expect(bits == (try run(model, hidden: hidden, tokens: tokens, workers: Workers(3))).output.map(\.bitPattern))
        #expect(bits == (try run(model, hidden: hidden, tokens: tokens, waveBytes: 1)).output.map(\.bitPattern))
        let alone = try (0..<tokens).flatMap { token in
            try run(model, hidden: Array(hidden[(token * width)..<((token + 1) * width)]), tokens: 1).output
        }
        #expect(bits == alone.map(\.bitPattern))
    }

    @Test func wavesKeepToTheirBytes() throws {
        var routing = Routing(tokens: 100, choicesPerToken: 4)
        for _ in 0..<100 { routing.append((0..<4).map { Choice(expert: $0, score: 0, weight: 1) }) }
        let layer = try LayerCompute(
            LayerDescription(hiddenSize: 256, expertSize: 8, router: 0, function: 0),
            router: RouterDescription(.topK, topK: 4),
            functions: [ExpertFunction(.gated)], experts: 4, sharedExperts: 0, routerBlock: [], name: "test")
        let waves = layer.waves(of: routing, bytes: 64 << 10)
        #expect(waves.first?.lowerBound == 0 && waves.last?.upperBound == 100)
        #expect(zip(waves, waves.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        #expect(waves.allSatisfy { $0.count * 6 * 256 * 4 <= 64 << 10 } && waves.count == 10)
        #expect(layer.waves(of: Routing(tokens: 0, choicesPerToken: 0)).isEmpty)
    }

    /// A dropped choice reads nothing and adds nothing.
    @Test func droppedChoicesNeedNoExpert() throws {
        let model = NaiveLayer().make()
        let layer = try LayerCompute(
            model.description, router: model.router, functions: model.functions, experts: 5, sharedExperts: 0,
            routerBlock: [], name: "test")
        var routing = Routing(tokens: 2, choicesPerToken: 2)
        routing.append([
            Choice(expert: 3, score: 0, weight: 0, isDropped: true), Choice(expert: 1, score: 0, weight: 0.5),
        ])
        routing.append([Choice(expert: 4, score: 0, weight: 0, isDropped: true)])
        var buffers = LayerBuffers()
        var scratch = ExpertScratch()
        let wave = layer.begin([Float](repeating: 1, count: 48), tokens: 0..<2, routing: routing, buffers: &buffers)
        #expect(wave.experts == [1] && wave.tokenCount(of: 1) == 1 && wave.tokenCount(of: 3) == 0)
        wave.add(1, try layer.expert(1, model.experts[1].parts()), scratch: &scratch)
        var output = [Float](repeating: .nan, count: 48)
        wave.finish(into: &output, buffers: &buffers)
        #expect(output[0..<24].contains { $0 != 0 } && output[24..<48].allSatisfy { $0 == 0 })
    }
}
