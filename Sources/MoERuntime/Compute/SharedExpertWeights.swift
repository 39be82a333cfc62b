internal import MoEFormat

/// The tensors of one shared expert, with its gate.
package struct SharedExpertWeights: Sendable {
    let weights: ExpertWeights
    /// [1, hidden]: × σ(gate · x).
    let gate: WeightMatrix?
    let gateBias: Float

    /// - Throws: `FormatError` by R28, or of kind `unsupported`.
    init(
        _ parts: [StoredPart], shared: LayerDescription.Shared, function: ExpertFunction, layer: LayerDescription,
        name: String
    ) throws(FormatError) {
        weights = try ExpertWeights(
            parts, function: function,
            shape: ExpertShape(inputs: layer.hiddenSize, inner: shared.expertSize, outputs: layer.outputSize),
            name: name)
        let gateParts = parts.filter { $0.role == .sharedGateWeight }
        guard shared.gate == .sigmoid else {
            guard gateParts.isEmpty else {
                throw .mismatch("\(name) has a shared_gate_weight, which its description does not use")
            }
            gate = nil
            gateBias = 0
            return
        }
        guard gateParts.count == 1 else { throw .mismatch("\(name) has \(gateParts.count) shared_gate_weights, not 1") }
        gate = try WeightMatrix(
            gateParts[0].matrix, outputs: 1, inputs: layer.hiddenSize, name: "shared_gate_weight of \(name)")
        let bias = parts.first { $0.role == .sharedGateBias }
        gateBias = try bias?.matrix.vector(count: 1, name: "shared_gate_bias of \(name)").first ?? 0
    }
}
