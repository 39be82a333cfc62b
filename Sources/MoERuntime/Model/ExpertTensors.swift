public import MoEFormat
internal import MoESystem

/// The tensors of one expert in memory, lent for the length of a call of `MoELayer.withExperts`.
public struct ExpertTensors: Sendable {
    /// The expert's number in its layer.
    public let expert: Int
    /// Its tensors, in the order of the file.
    public let tensors: [ExpertTensor]

    /// The tensor of that role; nil when the expert has none.
    public subscript(role: Role) -> ExpertTensor? { tensors.first { $0.role == role } }
}

/// One tensor of an expert: a matrix or a vector of stored elements, in place.
public struct ExpertTensor: Sendable {
    /// What the tensor is for in the expert: SPEC.md §8.
    public let role: Role
    /// The type of the stored elements, which are little-endian and in C order.
    public var dtype: Dtype { elements.dtype }
    /// Rows of `rowLength` stored elements.
    public var rowCount: Int { rowLength > 0 ? elements.count / rowLength : 0 }
    public let rowLength: Int
    /// Whether rows are outputs (`[outputs, inputs]`) or inputs; `none` for a vector.
    public let orientation: Orientation
    /// How the elements are dequantised, for a quantised tensor.
    public let scheme: QuantizationScheme?
    /// The scales that `scheme` speaks of, as they are stored, and their type.
    public var scales: (dtype: Dtype, bytes: [UInt8])? { scaleElements.map { ($0.dtype, $0.byteArray) } }

    private let elements: StoredElements
    private let scaleElements: StoredElements?

    /// - Throws: `FormatError` of kind `io` when a mapped file has lost the bytes.
    init(_ part: StoredPart, path: String) throws(FormatError) {
        // A mapping may lose its pages at any time, and only the project's own kernels read under its guard.
        guard let elements = part.matrix.elements.copiedFromMapping(),
            let scale = part.matrix.scale.map({ $0.copiedFromMapping() }) ?? .some(nil)
        else { throw BlockLoader.lostPages(of: path) }
        role = part.role
        rowLength = part.matrix.rowLength
        orientation = part.matrix.orientation
        scheme = part.matrix.scheme
        self.elements = elements
        scaleElements = scale
    }

    /// Calls `body` with the stored elements' bytes: `rowCount · rowLength` elements of `dtype`, valid for the call only.
    public func withBytes<Result, Failure>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        try elements.withBytes(body)
    }

    /// The elements as `Float`; nil for quantised tensors and for dtypes that are not floating-point numbers of 16, 32 or
    /// 64 bits. F64 is rounded.
    public var floats: [Float]? { scheme == nil ? elements.floats : nil }
}
