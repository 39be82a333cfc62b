import MoEFormat
import Testing

@testable import MoEConversion

/// The reference cases, by shapes: layers, sizes and routing are those of the reference.
@Suite struct CaseRecognitionTests {
    @Test func everyFixtureIsRead() { #expect(RecognitionCase.all.count == 108) }

    @Test(arguments: RecognitionCase.all)
    func layersAreThoseOfTheReference(_ item: RecognitionCase) throws {
        for config in item.publishedConfig == nil ? [item.config] : [item.config, item.publishedConfig] {
            let recognition = try Recognition(of: item.tensors, config: config)
            // The family is the configuration's own word, which a wrapper and what it wraps spell differently.
            for key in ["routers", "expert_functions", "layers", "quantization"] {
                #expect(recognition.model.json[key] == item.model?[key])
            }
            #expect(recognition.banks.filter { !$0.path.hasSuffix(".vision") }.count == item.layers.count)
            for expected in item.layers {
                let path = expected.path.isEmpty ? "model" : expected.path
                let number = try #require(recognition.banks.firstIndex { $0.path == path })
                let bank = recognition.banks[number]
                let layer = recognition.model.layers[number]
                let router = recognition.model.routers[layer.router]
                #expect(bank.layer == expected.number)
                #expect(layer.hiddenSize == expected.hiddenSize)
                #expect(layer.outputSize == expected.outputSize)
                #expect(router.kind == .all ? expected.topK == bank.expertCount : router.topK == expected.topK)
                let half = layer.shared?.combination == .average ? 0.5 : 1
                #expect(abs(layer.routedScale * half - expected.routedScale) < 1e-12)
                #expect(router.kind != .unsupported)
                if expected.hasSharedBeside { #expect(bank.sharedCount == 1) }
            }
        }
    }

    @Test(arguments: RecognitionCase.all)
    func everyTensorIsPlacedOnceAndWhole(_ item: RecognitionCase) throws {
        let recognition = try Recognition(of: item.tensors, config: item.config)
        try PlacementInvariants.check(recognition, of: item.tensors)
    }
}
