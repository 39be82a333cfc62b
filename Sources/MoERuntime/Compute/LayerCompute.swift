package import MoEFormat

/// What one layer computes around its router: experts, shared experts, projections, and their sum (SPEC.md §9.1).
///
/// Experts may come in any order and on any thread:
///
///     for tokens in layer.waves(of: routing) {
///         let wave = layer.begin(hidden, tokens: tokens, routing: routing, buffers: &buffers)
///         for expert in wave.experts { wave.add(expert, weights, scratch: &scratch, workers: workers) }
///         for index in 0 ..< layer.sharedExperts { wave.add(shared: index, weights, scratch: …) }
///         wave.finish(into: &output, buffers: &buffers, workers: workers)
///     }
///
/// The sum is taken at the end, in rank order, so that the order of arrival changes no bit.
package struct LayerCompute: Sendable {
    package let description: LayerDescription
    /// Experts with weights.
    package let experts: Int
    package let sharedExperts: Int
    let router: RouterDescription
    let function: ExpertFunction
    let sharedFunction: ExpertFunction?
    let tensors: LayerTensors
    private let name: String

    /// - Parameters:
    ///   - experts: experts with weights in the bank.
    ///   - sharedExperts: shared experts in the bank.
    ///   - routerBlock: the parts of the bank's router block; what is needed of them is copied.
    ///   - name: the layer, for messages.
    /// - Throws: `FormatError` by R22 or R28; of kind `unsupported` for a function that this version does not know.
    package init(
        _ description: LayerDescription, router: RouterDescription, functions: [ExpertFunction], experts: Int,
        sharedExperts: Int, routerBlock: [StoredPart], name: String
    ) throws(FormatError) {
        guard functions.indices.contains(description.function) else {
            throw .broken(
                Rule(rawValue: 22), "\(name) names expert function \(description.function) of \(functions.count)")
        }
        function = functions[description.function]
        if function.kind == .unsupported {
            throw .unsupported("the experts of \(name) cannot be run: \(function.reason ?? "no reason is given")")
        }
        guard (description.shared == nil) == (sharedExperts == 0) else {
            throw .mismatch(
                "\(name) has \(sharedExperts) shared experts, and its description \(description.shared == nil ? "none" : "some")"
            )
        }
        if let shared = description.shared {
            guard functions.indices.contains(shared.function) else {
                throw .broken(
                    Rule(rawValue: 22), "\(name) names expert function \(shared.function) of \(functions.count)")
            }
            guard shared.gate != .router || router.sharedInRouter >= sharedExperts else {
                throw .mismatch("\(name) has \(sharedExperts) shared experts and a router for \(router.sharedInRouter)")
            }
            sharedFunction = functions[shared.function]
        } else {
            sharedFunction = nil
        }
        self.description = description
        self.router = router
        self.experts = experts
        self.sharedExperts = sharedExperts
        self.name = name
        tensors = try LayerTensors(
            routerBlock, layer: description, gateParts: router.gateParts(experts: experts), name: name)
        let shape = expertShape
        guard router.identityExperts == 0 || shape.inputs == shape.outputs else {
            throw .mismatch("\(name) has identity experts and an output of another size than its input")
        }
    }

    /// The lengths that the routed experts work with: latent ones where the layer has projections.
    package var expertShape: ExpertShape {
        ExpertShape(
            inputs: tensors.preProjection?.outputs ?? description.hiddenSize,
            inner: description.expertSize,
            outputs: tensors.postProjection?.inputs ?? description.outputSize)
    }

    /// Bytes of the tensors that the value keeps in memory.
    package var byteCount: Int { tensors.byteCount }

    /// Checks the parts of expert `id`; borrows their bytes.
    ///
    /// - Throws: `FormatError` by R28.
    package func expert(_ id: Int, _ parts: [StoredPart]) throws(FormatError) -> ExpertWeights {
        try ExpertWeights(parts, function: function, shape: expertShape, name: "expert \(id) of \(name)")
    }

    /// Checks the parts of a shared expert; borrows their bytes.
    ///
    /// - Throws: `FormatError` by R28, or of kind `unsupported`.
    package func shared(_ index: Int, _ parts: [StoredPart]) throws(FormatError) -> SharedExpertWeights {
        guard let shared = description.shared, let sharedFunction else {
            throw .mismatch("\(name) has no shared experts")
        }
        return try SharedExpertWeights(
            parts, shared: shared, function: sharedFunction, layer: description,
            name: "shared expert \(index) of \(name)")
    }
}
