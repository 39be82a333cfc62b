/// What the checkpoint called a tensor: its name, type, shape and content hash; none of its data.
public struct Tensor: Sendable, Identifiable {
    /// The tensor's number in the file.
    public let id: Int
    public let name: String
    public let dtype: Dtype
    public let shape: [Int]
    /// Product of the shape.
    public let elementCount: UInt64
    /// XXH3-128 of the decoded bytes.
    public let contentHash: ContentHash

    let firstPart: UInt32
    let partCount: UInt32

    /// Bytes when decoded; 0 for an unknown dtype.
    public var byteCount: UInt64 { elementCount * UInt64(dtype.byteCount ?? 0) }

    /// Elements of the last dimension; 1 for a scalar.
    public var rowLength: Int { shape.last ?? 1 }
}

extension ModelFile {
    /// A tensor by its number.
    ///
    /// - Throws: `FormatError` by R30, R40, R41 or R45.
    public func tensor(at index: Int) throws(FormatError) -> Tensor {
        var reader = try directory.record(.tensors, index, rule: .partOfTensor)
        let offset = reader.offset
        let record = try TensorRecord(&reader)
        let dtype = Dtype(code: record.dtype, opaqueLength: Int(record.opaqueLength))
        let isOpaque = record.dtype == Dtype.opaqueCode
        guard isOpaque == (record.opaqueLength > 0), dtype.byteCount ?? 1 <= Limits.chunkBytes else {
            throw .broken(.dtype, at: offset, "dtype \(dtype) with elements of \(record.opaqueLength) opaque bytes")
        }
        let rank = Int(record.rank)
        guard rank <= Limits.rank, rank == 0 || UInt64(record.firstDim) + UInt64(rank) <= UInt64(directory.count(.dims))
        else {
            throw .broken(
                .shape, at: offset, "rank \(rank) with dims from \(record.firstDim) of \(directory.count(.dims))")
        }
        var shape: [Int] = []
        // Without the dims that are 0, so that the order of the others does not decide whether they overflow.
        var bytes: UInt64? = UInt64(dtype.byteCount ?? 1)
        for dim in 0..<rank {
            var dims = try directory.record(.dims, Int(record.firstDim) + dim, rule: .shape)
            let extent = try dims.u64()
            if extent != 0 { bytes = bytes *? extent }
            guard let extent = Int(exactly: extent) else {
                throw .broken(.shape, at: offset, "dimension \(dim) is \(extent)")
            }
            shape.append(extent)
        }
        guard let bytes, bytes < 1 << 63 else {
            throw .broken(.shape, at: offset, "shape \(shape) has more bytes than can be counted")
        }
        let count = shape.contains(0) ? 0 : bytes / UInt64(dtype.byteCount ?? 1)
        guard count == record.elementCount else {
            throw .broken(.shape, at: offset, "shape \(shape) has \(count) elements, not \(record.elementCount)")
        }
        return Tensor(
            id: index, name: try directory.name(at: record.nameOffset, length: record.nameLength), dtype: dtype,
            shape: shape,
            elementCount: record.elementCount, contentHash: record.contentHash, firstPart: record.firstPart,
            partCount: record.partCount)
    }

    /// The tensor of that name, found under its own name or an alias; nil when there is none.
    ///
    /// - Throws: `FormatError`; by R31 when two have the name.
    /// - Complexity: O(log n) records; usually two pages of the name index.
    public func tensor(named name: String) throws(FormatError) -> Tensor? {
        guard let id = try directory.find(name) else { return nil }
        switch id {
        case .tensor(let index): return try tensor(at: index)
        case .alias(let index): return try tensor(at: alias(at: index).tensor)
        }
    }

    /// Another name of a tensor, and the tensor's number.
    package func alias(at index: Int) throws(FormatError) -> (name: String, tensor: Int) {
        var reader = try directory.record(.aliases, index, rule: .aliasTarget)
        let offset = reader.offset
        let record = try AliasRecord(&reader)
        guard Int(record.tensor) < tensorCount else {
            throw .broken(.aliasTarget, at: offset, "alias \(index) names tensor \(record.tensor) of \(tensorCount)")
        }
        return (try directory.name(at: record.nameOffset, length: record.nameLength), Int(record.tensor))
    }
}
