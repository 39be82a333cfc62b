import MoEFormat

/// The sizes of a model whose layers are all alike: attention of four square matrices, then experts of two matrices.
struct ModelShape {
    var layers: Int
    var experts: Int
    var topK: Int
    var hidden: Int
    /// Inner width of an expert.
    var width: Int
    var vocabulary: Int

    /// Weights of one expert: up [width, hidden] and down [hidden, width].
    var expertParameters: Int { 2 * hidden * width }

    /// All weights that the file declares.
    var parameters: Int {
        layers * (experts * expertParameters + experts * hidden + 4 * hidden * hidden) + vocabulary * hidden
    }

    func path(ofLayer layer: Int) -> String { "model.layers.\(layer).mlp" }

    /// Two of the best by softmax, their weights divided by their sum; GELU between an expert's matrices.
    var description: ModelDescription {
        var router = RouterDescription(.topK, topK: topK, score: .softmax)
        router.normalization = .init(.sum)
        var model = ModelDescription(family: "gpt4_scale")
        model.routers = [router]
        model.functions = [ExpertFunction(.mlp, activation: .gelu)]
        model.layers = (0..<layers).map { _ in
            LayerDescription(hiddenSize: hidden, expertSize: width, router: 0, function: 0)
        }
        return model
    }
}
