import MoEFormat

/// The sizes of an expert whose tensors a map has given roles.
struct MappedExpert {
    let resolved: ResolvedExpert

    /// - Throws: `RecognitionError` of kind usage when roles are missing or shapes do not fit each other.
    init(_ leaves: [Role: ExpertShapes.Leaf], entries: [TensorMap.Entry], path: String) throws(RecognitionError) {
        func matrix(_ role: Role) throws(RecognitionError) -> (outputs: Int, inputs: Int)? {
            guard let leaf = leaves[role] else { return nil }
            guard let shape = MatrixShape(leaf.shape) else {
                throw .usage(
                    "the map: the \(role.name) of \(quoted(path)) has the shape \(leaf.shape), which is not a matrix")
            }
            let orientation = entries[leaf.number].orientation
            return (shape.outputs(orientation), shape.inputs(orientation))
        }
        func expert(_ kind: ExpertFunction.Kind, _ input: Int, _ size: Int, _ output: Int) -> ResolvedExpert {
            ResolvedExpert(
                layout: "map", kind: kind, inputSize: input, expertSize: size, outputSize: output, parts: [:])
        }
        if let only = try matrix(.expertWeight) {
            resolved = expert(.linear, only.inputs, 0, only.outputs)
            return
        }
        let gate = try matrix(.gateWeight)
        let up = try matrix(.upWeight)
        let halves = try matrix(.gateUpHalvesWeight)
        let interleaved = try matrix(.gateUpInterleavedWeight)
        let fused = halves ?? interleaved
        guard let down = try matrix(.downWeight), let first = fused ?? up else {
            throw .usage(
                "the map gives the experts of \(quoted(path)) neither expert_weight nor both an up and a down weight")
        }
        let width = fused == nil ? first.outputs : first.outputs / 2
        let fits = fused.map { $0.outputs % 2 == 0 } ?? true
        guard fits, width == down.inputs, gate.map({ $0 == first }) ?? true else {
            throw .usage(
                "the map: the weights of \(quoted(path)) do not fit each other; \(first.outputs) outputs of the first stand before \(down.inputs) inputs of the down weight; look at their orientation"
            )
        }
        resolved = expert(gate != nil || fused != nil ? .gated : .mlp, first.inputs, width, down.outputs)
    }
}

extension MatrixShape {
    init?(_ shape: [Int]) {
        guard shape.count == 2 else { return nil }
        self.init(rows: shape[0], columns: shape[1])
    }
}
