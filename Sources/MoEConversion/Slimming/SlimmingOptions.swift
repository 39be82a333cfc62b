package import MoEFormat

/// What a model is to be reduced by.
package struct SlimmingOptions: Sendable {
    /// The floating-point type that weights are rounded to.
    package var dtype: Dtype?
    /// Whether finite values may become infinite.
    package var allowsOverflow = false
    /// The experts of every layer that stay.
    package var experts: Range<Int>?
    /// The layers that stay, by the model's own numbers.
    package var layers: Range<Int>?
    /// Whether equal dense tensors are stored once.
    package var deduplicates = false

    package init() {}

    var isIdle: Bool { dtype == nil && experts == nil && layers == nil && !deduplicates }
}
