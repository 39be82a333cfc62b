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

/// A part with its role: what a block holds for a layer.
package struct StoredPart: Sendable {
    package var role: Role
    package var matrix: StoredMatrix

    package init(_ role: Role, _ matrix: StoredMatrix) {
        self.role = role
        self.matrix = matrix
    }
}
