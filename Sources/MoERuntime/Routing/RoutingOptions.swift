/// What a caller may ask of a router beyond its description.
package struct RoutingOptions: Sendable {
    /// Samples the noisy gate's noise with this seed; nil leaves noise out.
    package var noiseSeed: UInt64?
    /// The layer in the noise's key.
    package var layer = 0
    /// The position of the first token in the whole sequence: part of the noise's key.
    package var firstToken = 0
    /// One id a token, for layers that are routed by token id.
    package var tokenIDs: [Int]?
    /// Applies the capacity and dropping that the file describes, in token order over the batch.
    package var appliesCapacity = false

    package init() {}
}
