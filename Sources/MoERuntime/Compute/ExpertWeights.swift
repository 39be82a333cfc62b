package import MoEFormat

/// The lengths of an expert's vectors.
package struct ExpertShape: Hashable, Sendable {
    package var inputs: Int
    /// Inner width; 0 for a linear expert.
    package var inner: Int
    package var outputs: Int

    package init(inputs: Int, inner: Int, outputs: Int) {
        self.inputs = inputs
        self.inner = inner
        self.outputs = outputs
    }
}

/// The tensors of one expert, checked against its function and shape.
///
/// Borrows the bytes of its parts and never copies a matrix; biases are read when it computes.
package struct ExpertWeights: Sendable {
    let function: ExpertFunction
    let shape: ExpertShape
    let first: FirstStage
    /// Absent in a linear expert.
    let down: WeightMatrix?
    let firstBias: FirstBias
    let lastBias: Bias?

    /// What is multiplied with the expert's input.
    enum FirstStage: Sendable {
        /// The matrix of a linear expert, or `up` of one without a gate.
        case single(WeightMatrix)
        case gateAndUp(gate: WeightMatrix, up: WeightMatrix)
        /// Gate and up in one matrix: the gate's outputs first, or even outputs gate and odd ones up.
        case fused(WeightMatrix, interleaved: Bool)
    }

    enum FirstBias: Sendable {
        case separate(gate: Bias?, up: Bias?)
        case fused(Bias, interleaved: Bool)
    }

    /// A bias whose dtype and length are checked.
    struct Bias: Sendable {
        let elements: StoredElements
        let type: ElementType
    }

    /// Takes an expert's parts by role.
    ///
    /// Roles of shared experts count as those of routed ones; scales, and roles that this version does not know, are
    /// passed over.
    ///
    /// - Parameter name: whose tensors these are, for messages: "expert 3 of layer 0".
    /// - Throws: `FormatError` by R28 when a tensor is missing, is there twice, is not part of the function, or has
    ///   another shape or dtype; `unsupported` when the function is.
    package init(
        _ parts: [StoredPart], function: ExpertFunction, shape: ExpertShape, name: @autoclosure @escaping () -> String
    ) throws(FormatError) {
        var tensors = try RoleTable(parts, name: name)
        self.function = function
        self.shape = shape
        let inputs = shape.inputs
        let inner = shape.inner
        let outputs = shape.outputs
        switch function.kind {
        case .unsupported:
            let reason = function.reason ?? "no reason is given"
            throw .unsupported("\(name()) computes a function that this version does not know: \(reason)")
        case .linear:
            first = .single(try tensors.matrix(.expertWeight, outputs: outputs, inputs: inputs))
            firstBias = .separate(gate: nil, up: nil)
            down = nil
            lastBias = try tensors.bias(.expertBias, count: outputs)
        case .mlp:
            first = .single(try tensors.matrix(.upWeight, outputs: inner, inputs: inputs))
            firstBias = .separate(gate: nil, up: try tensors.bias(.upBias, count: inner))
            down = try tensors.matrix(.downWeight, outputs: outputs, inputs: inner)
            lastBias = try tensors.bias(.downBias, count: outputs)
        case .gated:
            let (fusedWidth, overflow) = inner.multipliedReportingOverflow(by: 2)
            guard !overflow else { throw .mismatch("\(name()) has an inner width of \(inner)") }
            if tensors.has(.gateUpHalvesWeight) {
                first = .fused(
                    try tensors.matrix(.gateUpHalvesWeight, outputs: fusedWidth, inputs: inputs), interleaved: false)
            } else if tensors.has(.gateUpInterleavedWeight) {
                first = .fused(
                    try tensors.matrix(.gateUpInterleavedWeight, outputs: fusedWidth, inputs: inputs), interleaved: true
                )
            } else {
                first = .gateAndUp(
                    gate: try tensors.matrix(.gateWeight, outputs: inner, inputs: inputs),
                    up: try tensors.matrix(.upWeight, outputs: inner, inputs: inputs))
            }
            if let bias = try tensors.bias(.gateUpHalvesBias, count: fusedWidth) {
                firstBias = .fused(bias, interleaved: false)
            } else if let bias = try tensors.bias(.gateUpInterleavedBias, count: fusedWidth) {
                firstBias = .fused(bias, interleaved: true)
            } else {
                firstBias = .separate(
                    gate: try tensors.bias(.gateBias, count: inner), up: try tensors.bias(.upBias, count: inner))
            }
            down = try tensors.matrix(.downWeight, outputs: outputs, inputs: inner)
            lastBias = try tensors.bias(.downBias, count: outputs)
        }
        try tensors.expectAllTaken(by: function.kind.rawValue)
    }
}
