public import MoEFormat

extension MoEModel {
    /// A tensor by its name in the checkpoint, or an alias, with its values: norms, embeddings, attention, whatever is not an
    /// expert. nil when there is none of that name.
    ///
    /// Reads and decodes the whole tensor, outside the budget.
    /// - Throws: `RuntimeError.file`.
    public func tensor(named name: String) throws(RuntimeError) -> ModelTensor? {
        do throws(FormatError) {
            guard let tensor = try file.tensor(named: name) else { return nil }
            return ModelTensor(tensor: tensor, bytes: try file.bytes(of: tensor))
        } catch {
            throw .file(error)
        }
    }
}

/// A tensor with its values.
public struct ModelTensor: Sendable {
    public let tensor: Tensor
    /// The elements, little-endian, in C order.
    public let bytes: [UInt8]

    /// The elements as `Float`; nil for dtypes that are not floating-point numbers of 16, 32 or 64 bits. F64 is rounded.
    public var floats: [Float]? {
        guard let count = Int(exactly: tensor.elementCount) else { return nil }
        return StoredElements(copying: bytes, dtype: tensor.dtype, count: count).floats
    }
}
