/// What a caller may ask of one run of a layer.
public struct ForwardOptions: Hashable, Sendable {
    /// One id a token, for layers that are routed by token id.
    public var tokenIDs: [Int]?
    /// Applies the expert capacity that the file describes, in token order over the batch. Off by default: a token's
    /// result then depends on the others of its batch.
    public var appliesCapacity = false
    /// Samples the noisy gate's noise with this seed; without it there is none.
    public var noiseSeed: UInt64?
    /// The position of the first token in its sequence: part of the noise's key, so that batches may be split.
    public var firstToken = 0

    public init() {}
}

/// What one run of a layer gives.
public struct LayerResult: Sendable {
    /// [tokens, output size], row-major: the output of the MoE block, shared experts included.
    public let output: [Float]
    /// The experts chosen for each token and their weights, in rank order.
    public let routing: Routing
}
