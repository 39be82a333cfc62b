package import MoEFormat

/// A tensor part as a layer's computation receives it: elements, how they lie, and what dequantises them.
package struct StoredMatrix: Sendable {
    package var elements: StoredElements
    /// Elements a row, as the part record says.
    package var rowLength: Int
    package var orientation: Orientation
    /// The scheme of a quantised part, with its scales.
    package var scheme: QuantizationScheme?
    package var scale: StoredElements?

    package init(
        _ elements: StoredElements, rowLength: Int, orientation: Orientation = .rowsAreOutputs,
        scheme: QuantizationScheme? = nil, scale: StoredElements? = nil
    ) {
        self.elements = elements
        self.rowLength = rowLength
        self.orientation = orientation
        self.scheme = scheme
        self.scale = scale
    }
}

extension StoredMatrix {
    /// Whether the kernels read it, which guards cover; the portable loops are Swift, which they do not.
    var isReadByKernels: Bool {
        switch ElementType(elements.dtype, scheme: scheme) {
        case .f32, .bf16, .f16, .f64, .f8E4M3, .f8E5M2, .f4LowFirst: scheme?.scale != .inverse
        default: false
        }
    }
}

/// A part with its role: what a block holds for a layer.
package struct StoredPart: Sendable {
    package var role: Role
    package var matrix: StoredMatrix

    package init(_ role: Role, _ matrix: StoredMatrix) {
        self.role = role
        self.matrix = matrix
    }
}
