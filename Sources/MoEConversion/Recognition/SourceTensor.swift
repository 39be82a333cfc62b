package import MoEFormat

/// What recognition sees of a tensor: everything but its elements.
package struct SourceTensor: Hashable, Sendable {
    /// The path in the source without a leading slash: `model/layers/0/…` in groups, `model.layers.0.…` when flat.
    package var name: String
    package var dtype: Dtype
    /// Empty for a scalar; a source's null dataspace is `[0]`.
    package var shape: [Int]

    package init(name: String, dtype: Dtype, shape: [Int]) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }

    /// The number of elements; nil when it, or a dimension, cannot be counted.
    package var elementCount: Int? {
        var product = 1
        for dimension in shape {
            guard dimension >= 0 else { return nil }
            let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
            if overflow { return nil }
            product = next
        }
        return product
    }
}
