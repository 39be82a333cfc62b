internal import MoEFormat

/// What a layer's router block holds for the computation around its experts; owned.
struct LayerTensors: Sendable {
    /// [output size], or empty.
    let outputBias: [Float]
    /// [latent, hidden] and [output size, latent]; both or neither.
    let preProjection: WeightMatrix?
    let postProjection: WeightMatrix?

    /// - Throws: `FormatError` by R28.
    init(_ parts: [StoredPart], layer: LayerDescription, name: String) throws(FormatError) {
        let tensors = try RouterParts(parts, name: name)
        outputBias = try tensors.vector(.outputBias, count: layer.outputSize) ?? []
        guard tensors.has(.preProjection) || tensors.has(.postProjection) else {
            preProjection = nil
            postProjection = nil
            return
        }
        let latent = try tensors.part(.preProjection).elements.count / layer.hiddenSize
        guard latent > 0 else { throw .mismatch("pre_projection of \(name) is smaller than the hidden size") }
        preProjection = try tensors.matrix(.preProjection, rows: latent, hidden: layer.hiddenSize)
        postProjection = try tensors.matrix(.postProjection, rows: layer.outputSize, hidden: latent)
    }

    var byteCount: Int {
        outputBias.count * MemoryLayout<Float>.size + (preProjection?.byteCount ?? 0) + (postProjection?.byteCount ?? 0)
    }
}
