internal import MoEFormat

/// A stored matrix whose bytes are known to hold `outputs` × `inputs` elements, ready to be multiplied with.
///
/// It stays as it is stored: either orientation, narrow or quantised; nothing is copied.
struct WeightMatrix: Sendable {
    let inputs: Int
    let outputs: Int
    /// W[in][out] instead of W[out][in].
    let rowsAreInputs: Bool
    private(set) var elements: StoredElements
    let type: ElementType
    private(set) var scales: Scales?

    /// What dequantises: one scale for each block of stored rows and columns.
    struct Scales: Sendable {
        enum Kind: Sendable { case f32, bf16, f16, e8m0 }

        fileprivate(set) var elements: StoredElements
        let kind: Kind
        let blockRows: Int
        let blockColumns: Int
        /// value = code / scale in place of code · scale.
        let divides: Bool
    }

    /// Rows as they are stored.
    var rows: Int { rowsAreInputs ? inputs : outputs }
    /// Columns as they are stored.
    var columns: Int { rowsAreInputs ? outputs : inputs }
    /// Bytes of elements and scales.
    var byteCount: Int { elements.byteCount + (scales?.elements.byteCount ?? 0) }

    /// The same matrix in memory that it owns.
    func copied() -> WeightMatrix {
        var copy = self
        copy.elements = elements.copied()
        if let scales { copy.scales?.elements = scales.elements.copied() }
        return copy
    }

    /// Checks a stored matrix against the shape that the layer needs.
    ///
    /// - Parameter name: what it is, for messages: "up_weight of expert 3".
    /// - Throws: `FormatError` by R28.
    init(
        _ stored: StoredMatrix, outputs: Int, inputs: Int, name: @autoclosure () -> String
    ) throws(FormatError) {
        self.outputs = outputs
        self.inputs = inputs
        switch stored.orientation {
        case .rowsAreOutputs: rowsAreInputs = false
        case .rowsAreInputs: rowsAreInputs = true
        case .none: throw .mismatch("\(name()) has no orientation")
        }
        guard let type = ElementType(stored.elements.dtype, scheme: stored.scheme) else {
            let suffix = stored.scheme == nil ? "" : " of its quantisation scheme"
            throw .mismatch("\(name()) has dtype \(stored.elements.dtype), which is no weight\(suffix)")
        }
        self.type = type
        elements = stored.elements
        let (rows, columns) = stored.orientation == .rowsAreInputs ? (inputs, outputs) : (outputs, inputs)
        let (count, overflow) = rows.multipliedReportingOverflow(by: columns)
        let isPacked = type.bitCount == 4
        // Packed codes come in rows of 16 bytes, whatever the matrix's rows are.
        let held = isPacked ? elements.count.multipliedReportingOverflow(by: 2) : (elements.count, false)
        guard !overflow, !held.1, held.0 == count, isPacked ? columns % 32 == 0 : stored.rowLength == columns else {
            throw .mismatch(
                "\(name()) has \(held.0) elements in rows of \(stored.rowLength), not [\(rows), \(columns)]")
        }
        guard elements.isComplete else { throw .mismatch("\(name()) has fewer bytes than its elements need") }
        scales = try Scales(stored, rows: rows, columns: columns, name: name())
    }
}

extension WeightMatrix.Scales {
    /// The scales of a quantised matrix; nil for one that is not.
    fileprivate init?(
        _ stored: StoredMatrix, rows: Int, columns: Int, name: @autoclosure () -> String
    ) throws(FormatError) {
        guard let scheme = stored.scheme else { return nil }
        guard let scale = stored.scale else { throw .mismatch("\(name()) is quantised and has no scale") }
        switch scale.dtype {
        case .f32: kind = .f32
        case .bf16: kind = .bf16
        case .f16: kind = .f16
        case .f8E8M0, .u8, .i8, .opaque(1): kind = .e8m0
        default: throw .mismatch("the scale of \(name()) has dtype \(scale.dtype)")
        }
        elements = scale
        blockRows = scheme.blockRows
        blockColumns = scheme.blockColumns
        divides = scheme.scale == .inverse
        guard blockRows > 0, blockColumns > 0 else { throw .mismatch("\(name()) has scale blocks of size 0") }
        let grid = ((rows - 1) / blockRows + 1, (columns - 1) / blockColumns + 1)
        let (count, overflow) = grid.0.multipliedReportingOverflow(by: grid.1)
        guard !overflow, scale.count == count, scale.isComplete else {
            throw .mismatch("\(name()) has \(scale.count) scales, not [\(grid.0), \(grid.1)]")
        }
    }
}
