internal import MoEFormat

/// What a layer's router block holds for the computation around its experts; owned.
struct LayerTensors: Sendable {
    /// [output size], or empty.
    let outputBias: [Float]
    /// [latent, hidden] and [output size, latent]; both or neither.
    let preProjection: WeightMatrix?
    let postProjection: WeightMatrix?
    /// Added to what the projections give; empty where there is none.
    let preProjectionBias: [Float]
    let postProjectionBias: [Float]

    /// Of what the pre projection gives, of each expert's output, of the layer's output.
    let latentNorm: RootMeanSquareNorm?
    let expertNorm: RootMeanSquareNorm?
    let outputNorm: RootMeanSquareNorm?

    /// - Parameter gateParts: parts that a role of the second gate may lie in instead of one.
    /// - Throws: `FormatError` by R28.
    init(_ parts: [StoredPart], layer: LayerDescription, gateParts: Int, name: String) throws(FormatError) {
        let tensors = try RouterParts(parts, gateParts: gateParts, name: name)
        outputBias = try tensors.vector(.outputBias, count: layer.outputSize) ?? []
        if tensors.has(.preProjection) || tensors.has(.postProjection) {
            let latent = try tensors.part(.preProjection).elements.count / max(1, layer.hiddenSize)
            guard latent > 0 else { throw .mismatch("pre_projection of \(name) is smaller than the hidden size") }
            preProjection = try tensors.matrix(.preProjection, rows: latent, hidden: layer.hiddenSize)
            postProjection = try tensors.matrix(.postProjection, rows: layer.outputSize, hidden: latent)
            preProjectionBias = try tensors.vector(.preProjectionBias, count: latent) ?? []
            postProjectionBias = try tensors.vector(.postProjectionBias, count: layer.outputSize) ?? []
        } else {
            preProjection = nil
            postProjection = nil
            preProjectionBias = []
            postProjectionBias = []
        }
        if let norm = layer.latentNorm {
            guard let preProjection else { throw .mismatch("\(name) has a latent_norm and no pre_projection") }
            latentNorm = RootMeanSquareNorm(
                norm, weight: try tensors.needed(.latentNormWeight, count: preProjection.outputs))
        } else {
            latentNorm = nil
        }
        if let norm = layer.expertNorm {
            let width = postProjection?.inputs ?? layer.outputSize
            expertNorm = RootMeanSquareNorm(
                norm, weight: try tensors.needed(.expertNormWeight, count: width), scalesFirst: true)
        } else {
            expertNorm = nil
        }
        if let norm = layer.outputNorm {
            outputNorm = RootMeanSquareNorm(
                norm, weight: try tensors.needed(.outputNormWeight, count: layer.outputSize))
        } else {
            outputNorm = nil
        }
    }

    var byteCount: Int {
        let norms = [latentNorm, expertNorm, outputNorm].reduce(0) { $0 + ($1?.byteCount ?? 0) }
        let biases = outputBias.count + preProjectionBias.count + postProjectionBias.count
        return biases * MemoryLayout<Float>.size + norms + (preProjection?.byteCount ?? 0)
            + (postProjection?.byteCount ?? 0)
    }
}
