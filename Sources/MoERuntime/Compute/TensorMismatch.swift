internal import MoEFormat

extension FormatError {
    /// The tensors of a block are not what the layer's description needs: rule R28.
    static func mismatch(_ message: String) -> FormatError { .broken(Rule(rawValue: 28), message) }
}

extension StoredMatrix {
    /// The elements of a vector in f32: a bias, a scale.
    ///
    /// - Throws: `FormatError` by R28 unless there are exactly `count` of a float dtype.
    func vector(count: Int, name: String) throws(FormatError) -> [Float] {
        guard let type = ElementType(elements.dtype, scheme: nil), type.bitCount >= 16, scheme == nil else {
            throw .mismatch("\(name) has dtype \(elements.dtype)\(scheme == nil ? "" : " and is quantised")")
        }
        guard elements.count == count, elements.isComplete else {
            throw .mismatch("\(name) has \(elements.count) elements, not \(count)")
        }
        var values = [Float](repeating: 0, count: count)
        elements.expand(type, from: 0, count: count, into: &values)
        return values
    }
}
