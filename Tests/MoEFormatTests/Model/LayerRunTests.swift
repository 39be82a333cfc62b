import Testing

@testable import MoEFormat

/// Layers that differ in nothing but their bank share an object of the description.
@Suite struct LayerRunTests {
    private func model(hiddenSizes: [Int]) -> ModelDescription {
        var model = ModelDescription(family: "test")
        var router = RouterDescription(.topK)
        router.topK = 2
        _ = model.index(of: router)
        _ = model.index(of: ExpertFunction(.gated))
        model.layers = hiddenSizes.map { LayerDescription(hiddenSize: $0, expertSize: 3, router: 0, function: 0) }
        return model
    }

    @Test(arguments: [
        ([8, 8, 8, 4, 8, 8], [3, 1, 2]), ([8], [1]), ([], []), ([8, 4], [1, 1]),
        ([Int](repeating: 8, count: 1000), [1000]),
    ])
    func neighboursThatAreAlikeAreOneObject(hiddenSizes: [Int], runs: [Int]) throws {
        let model = model(hiddenSizes: hiddenSizes)
        let objects = try #require(model.storedJSON["layers"]?.array)
        #expect(objects.map { $0["banks"]?.integer ?? 1 } == runs)
        let experts = [Int](repeating: 4, count: hiddenSizes.count)
        for text in [model.storedJSON.text, model.json.text] {
            #expect(try ModelDescription(parsing: Array(text.utf8), expertCounts: experts) == model)
        }
    }

    /// However many banks an object claims, no more layers are made than there are banks.
    @Test(arguments: [0, -1, 3, 1 << 52]) func claimsAreBoundedByTheBanks(banks: Int) {
        let text = """
            {"schema":1,"routers":[{"kind":"top_k","top_k":2,"score":"softmax"}],"expert_functions":[{"kind":"gated",\
            "activation":"silu"}],"layers":[{"bank":0,"banks":\(banks),"hidden_size":8,"expert_size":3,"router":0,\
            "expert_function":0}]}
            """
        let error = #expect(throws: FormatError.self) {
            try ModelDescription(parsing: Array(text.utf8), expertCounts: [4, 4])
        }
        #expect(error?.rule == .modelLayers)
    }
}
