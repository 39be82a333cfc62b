import MoEFormat

/// Finds the roles of an expert's tensors from their names and shapes.
struct ExpertResolver {
    var choice: LayoutChoice
    /// The length of the input that the router or a projection shows; nil when nothing does.
    var inputSize: Int?
    /// Whether fused gate and up outputs alternate, when the family says so.
    var isInterleaved: Bool?
    var quantization: QuantizationSettings

    /// - Returns: nil when no layout has these names, or the shapes do not fit it; `problem` then says why.
    func resolve(_ expert: ExpertShapes, problem: inout String?) -> ResolvedExpert? {
        var expert = expert
        var choice = choice
        var positionalName: String?
        if choice.allows(PositionalBank.layout), let positional = PositionalBank(expert) {
            expert = positional.named
            positionalName = PositionalBank.layout
            choice = .auto
        }
        guard let (layout, matrices) = ExpertLayout.of(expert.projections, among: choice) else {
            let names = expert.projections.sorted().prefix(6).map { quoted($0.text) }.joined(separator: ", ")
            problem = "no layout has experts with \(names)"
            return nil
        }
        if let foreign = expert.leaves.first(where: { if case .other = $0.name.part { true } else { false } }),
            !isHarmless(foreign)
        {
            problem = "\(quoted(foreign.name.projection)) is stored as a quantiser left it, which is not described"
            return nil
        }
        func projection(_ matrix: ExpertMatrix) -> String? { matrices.first { $0.value == matrix }?.key }
        if let only = projection(.only) { return linear(expert, only, problem: &problem) }
        let first = projection(.gateUp) ?? projection(.first) ?? projection(.up)
        guard let first, let down = projection(.down), let firstShape = expert.weight(first)?.matrix,
            let downShape = expert.weight(down)?.matrix
        else {
            problem = "a weight is missing or not a matrix"
            return nil
        }
        let mayBeFused = matrices[first] != .up
        let mayBePlain = matrices[first] != .gateUp
        let isKernel = expert.weight(first)?.name.isKernel == true
        let fits = ExpertFit.all(
            first: firstShape, down: downShape, mayBePlain: mayBePlain, mayBeFused: mayBeFused,
            downIsTransposed: layout.downIsTransposed)
        let isPacked = expert.weight(first)?.isPacked == true
        let known = isPacked ? fits.filter { $0.orientation == .rowsAreOutputs } : fits
        guard
            let fit = ExpertFit.best(
                known, inputSize: inputSize, convention: isKernel ? .rowsAreInputs : .rowsAreOutputs)
        else {
            problem =
                "the shapes [\(firstShape.rows), \(firstShape.columns)] of \(quoted(first)) and [\(downShape.rows), \(downShape.columns)] of \(quoted(down)) do not fit"
                + (inputSize.map { " an input of \($0)" } ?? " each other")
            return nil
        }
        let gate = projection(.gate)
        if let gate, expert.weight(gate)?.matrix != firstShape {
            problem = "the shapes of \(quoted(gate)) and \(quoted(first)) differ"
            return nil
        }
        var resolved = ResolvedExpert(
            layout: positionalName ?? layout.name, kind: gate != nil || fit.isFused ? .gated : .mlp,
            inputSize: fit.inputSize,
            expertSize: fit.expertSize, outputSize: fit.outputSize, parts: [:])
        let interleaved = isInterleaved ?? layout.isInterleaved ?? (expert.weight(first)?.name.part == .blocks)
        let fused: Role = interleaved ? .gateUpInterleavedWeight : .gateUpHalvesWeight
        add(first, fit.isFused ? fused : .upWeight, fit.orientation, of: expert, to: &resolved)
        if let gate { add(gate, .gateWeight, fit.orientation, of: expert, to: &resolved) }
        add(down, .downWeight, fit.downOrientation, of: expert, to: &resolved)
        return checked(resolved, &problem)
    }

    /// What a quantiser stores for the activations plays no part in the weights.
    private func isHarmless(_ leaf: ExpertShapes.Leaf) -> Bool {
        leaf.name.part == .other("input_scale") || leaf.name.part == .other("activation_scale")
    }

    private func linear(_ expert: ExpertShapes, _ name: String, problem: inout String?) -> ResolvedExpert? {
        guard let weight = expert.weight(name), let shape = weight.matrix else {
            problem = "the weight of \(quoted(name)) is missing or not a matrix"
            return nil
        }
        let convention: Orientation = weight.name.isKernel ? .rowsAreInputs : .rowsAreOutputs
        let other: Orientation = weight.name.isKernel ? .rowsAreOutputs : .rowsAreInputs
        guard let orientation = [convention, other].first(where: { inputSize == nil || shape.inputs($0) == inputSize })
        else {
            problem =
                "the shape [\(shape.rows), \(shape.columns)] of \(quoted(name)) does not fit an input of \(inputSize ?? 0)"
            return nil
        }
        var resolved = ResolvedExpert(
            layout: "linear", kind: .linear, inputSize: shape.inputs(orientation), expertSize: 0,
            outputSize: shape.outputs(orientation), parts: [:])
        add(name, .expertWeight, orientation, of: expert, to: &resolved)
        return checked(resolved, &problem)
    }

    /// Weights whose scales or biases do not fit are not understood.
    private func checked(_ resolved: ResolvedExpert, _ problem: inout String?) -> ResolvedExpert? {
        guard let misfit = resolved.misfit else { return resolved }
        problem = misfit
        return nil
    }

    /// Gives the weight of a projection its role, and its bias and scales theirs if their shapes fit.
    private func add(
        _ projection: String, _ role: Role, _ orientation: Orientation, of expert: ExpertShapes,
        to resolved: inout ResolvedExpert
    ) {
        guard let weight = expert.weight(projection), let matrix = weight.matrix else { return }
        var part = ResolvedExpert.Part(role: role, orientation: orientation)
        if let scale = expert.leaf(projection, .scale) {
            guard let scheme = quantization.scheme(matrix, weight, scale) else {
                resolved.misfit = "the scales of \(quoted(projection)) do not fit its shape"
                return
            }
            part.scaleLeaf = scale.number
            part.scheme = scheme
            resolved.parts[scale.number] = .init(role: .scale, orientation: .none)
        }
        resolved.parts[weight.number] = part
        if let bias = expert.leaf(projection, .bias) {
            guard bias.shape.reduce(1, { $0 &* $1 }) == matrix.outputs(orientation) else {
                resolved.misfit =
                    "the bias of \(quoted(projection)) does not have one value for each of its \(matrix.outputs(orientation)) outputs"
                return
            }
            // Every weight role's bias is the next code.
            resolved.parts[bias.number] = .init(role: Role(rawValue: role.rawValue + 1), orientation: .none)
        }
    }
}
