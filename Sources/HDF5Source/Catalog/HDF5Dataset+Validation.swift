extension HDF5Dataset {
    /// Checks the storage against the shape, the type and the file's size.
    func validate(fileSize: UInt64, limits: HDF5Limits) throws(HDF5Error) {
        if case .simple(let dimensions, let maximum) = dataspace.space {
            guard dimensions.count == maximum.count, dimensions.count <= limits.rank, !dimensions.isEmpty else {
                throw .damaged("its dimensions and their maxima differ in number")
            }
        }
        guard let count = dataspace.space.elementCount else { throw .damaged("its dimensions exceed 64 bits") }
        let (declared, overflow) = count.multipliedReportingOverflow(by: UInt64(type.size))
        guard !overflow, declared <= UInt64(Int.max) else { throw .damaged("its size exceeds 63 bits") }
        guard fillValue.bytes.isEmpty || fillValue.bytes.count == type.size else {
            throw .damaged("its fill value is not one element")
        }

        let stored: UInt64
        switch storage {
        case .contiguous(let offset):
            if let offset {
                guard offset <= fileSize, declared <= fileSize - offset else {
                    throw .damaged(
                        "its \(declared) bytes at offset \(offset) run past the end of the file (\(fileSize) bytes)")
                }
            }
            stored = offset == nil ? 0 : declared
        case .compact(let bytes):
            guard type.containsVariableLength ? bytes.isEmpty : UInt64(bytes.count) == declared else {
                throw .damaged("it holds \(bytes.count) bytes where its shape asks for \(declared)")
            }
            stored = declared
        case .chunked(let chunked):
            stored = try chunked.validate(
                dimensions: dimensions, elementSize: type.size, fileSize: fileSize, limits: limits)
        }
        if declared > limits.declaredBytesAlwaysAllowed {
            let (allowed, overflow) = stored.multipliedReportingOverflow(by: limits.declaredBytesPerStoredByte)
            guard overflow || declared <= allowed else {
                throw .limit(
                    "it declares \(declared) bytes but stores \(stored): more than \(limits.declaredBytesPerStoredByte) times as much is refused"
                )
            }
        }
    }
}

extension HDF5ChunkedStorage {
    /// Checks shape and chunks; returns the bytes stored.
    func validate(
        dimensions: [UInt64], elementSize: Int, fileSize: UInt64, limits: HDF5Limits
    ) throws(HDF5Error) -> UInt64 {
        guard chunkDimensions.count == dimensions.count, !dimensions.isEmpty, !chunkDimensions.contains(0) else {
            throw .damaged("its chunks and its shape differ in their number of axes")
        }
        guard let chunkBytes = chunkByteCount(elementSize: elementSize), chunkBytes <= limits.chunkBytes else {
            throw .limit("a chunk of \(chunkDimensions) elements exceeds the limit of \(limits.chunkBytes) bytes")
        }
        guard let gridCount = HDF5ChunkGrid(dimensions: dimensions, chunkDimensions: chunkDimensions)?.count else {
            throw .damaged("its number of chunks exceeds 64 bits")
        }
        var stored: UInt64 = 0
        var next: UInt64 = 0
        for chunk in chunks {
            guard chunk.index >= next, chunk.index < gridCount else { throw .damaged("its chunk list is out of order") }
            next = chunk.index + 1
            guard chunk.storedSize <= UInt64(limits.chunkBytes) else {
                throw .limit(
                    "chunk \(chunk.index) of \(chunk.storedSize) bytes exceeds the limit of \(limits.chunkBytes)")
            }
            guard chunk.fileOffset <= fileSize, chunk.storedSize <= fileSize - chunk.fileOffset else {
                throw .damaged(
                    "chunk \(chunk.index) of \(chunk.storedSize) bytes at offset \(chunk.fileOffset) runs past the end of the file (\(fileSize) bytes)"
                )
            }
            // At most `limits.chunks` times `limits.chunkBytes`: far below 64 bits.
            stored += chunk.storedSize
        }
        return stored
    }

    /// Bytes of one decoded chunk; nil when they exceed what memory can address.
    package func chunkByteCount(elementSize: Int) -> Int? {
        var bytes = elementSize
        for dimension in chunkDimensions {
            guard let extent = Int(exactly: dimension) else { return nil }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            if overflow { return nil }
            bytes = product
        }
        return bytes
    }
}
