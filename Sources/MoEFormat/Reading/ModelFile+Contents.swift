import MoESystem

/// Reading tensors: whole, by rows, or by expert. Only the chunks that hold what is asked for are read and decoded.
extension ModelFile {
    /// The tensor's elements, little-endian, in C order.
    ///
    /// - Throws: `FormatError`; by R71 when a chunk is damaged.
    /// - Complexity: O(tensor). Uses memory for the tensor and one chunk.
    public func bytes(of tensor: Tensor) throws(FormatError) -> [UInt8] {
        try bytes(of: tensor, elements: 0..<tensor.elementCount)
    }

    /// Rows `rows` of the tensor: along all dimensions but the last, in C order; of a vector, its elements.
    ///
    /// - Throws: `FormatError`; of kind `usage` when there are no such rows.
    /// - Complexity: O(rows), in whole chunks.
    public func bytes(of tensor: Tensor, rows: Range<Int>) throws(FormatError) -> [UInt8] {
        try bytes(of: tensor, elements: elements(ofRows: rows, in: tensor))
    }

    /// The elements of some rows, as `bytes(of:rows:)` takes them.
    ///
    /// - Throws: `FormatError` of kind `usage` when there are no such rows.
    package func elements(ofRows rows: Range<Int>, in tensor: Tensor) throws(FormatError) -> Range<UInt64> {
        let rowLength = tensor.shape.count <= 1 ? 1 : UInt64(tensor.rowLength)
        let count = rowLength == 0 ? 0 : tensor.elementCount / rowLength
        guard rows.lowerBound >= 0, UInt64(rows.upperBound) <= count else {
            throw .usage("rows \(rows.lowerBound):\(rows.upperBound) of a tensor of \(count) rows")
        }
        return UInt64(rows.lowerBound) * rowLength..<UInt64(rows.upperBound) * rowLength
    }

    /// The share of one expert in a tensor that holds several, or that expert's own tensor.
    ///
    /// - Throws: `FormatError`; of kind `usage` when the tensor holds nothing of that expert.
    public func bytes(of tensor: Tensor, expert: Int) throws(FormatError) -> [UInt8] {
        try bytes(of: tensor, elements: elements(ofExpert: expert, in: tensor))
    }

    /// The elements that are an expert's.
    ///
    /// - Throws: `FormatError`; of kind `usage` when the tensor holds nothing of that expert.
    package func elements(ofExpert expert: Int, in tensor: Tensor) throws(FormatError) -> Range<UInt64> {
        for part in try parts(of: tensor) {
            let block = try block(of: part)
            guard block.record.kind == BlockKind.expert.rawValue, Int(block.record.expert) == expert else { continue }
            let start = part.record.startElement
            return start..<start + part.elementCount
        }
        throw .usage("the tensor holds no expert \(expert)")
    }

    /// Any run of the tensor's elements.
    package func bytes(of tensor: Tensor, elements: Range<UInt64>) throws(FormatError) -> [UInt8] {
        let elementBytes = try elementBytes(of: tensor)
        guard elements.upperBound <= tensor.elementCount, let count = elements.count *? elementBytes else {
            throw .usage("elements \(elements) of \(tensor.elementCount)")
        }
        let runs = try runs(of: tensor, in: parts(of: tensor), elements: elements)
        try FormatError.checkMemory(count)
        var failure: FormatError?
        // The buffer holds exactly the elements asked for; it counts as initialised only when all were decoded.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(FormatError) {
                try unsafe read(
                    runs, dtype: tensor.dtype,
                    into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[0..<count]))
                initialized = count
            } catch {
                failure = error
                initialized = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Decodes a run of the tensor's elements into memory of exactly their size.
    ///
    /// - Throws: `FormatError`.
    package func read(
        _ tensor: Tensor, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        try unsafe read(tensor, parts: parts(of: tensor), elements: elements, into: destination)
    }

    /// The same with the tensor's parts at hand, for those who read it piece by piece.
    package func read(
        _ tensor: Tensor, parts: [Part], elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        let elementBytes = try elementBytes(of: tensor)
        guard elements.upperBound <= tensor.elementCount, destination.count == elements.count * elementBytes else {
            throw .usage("elements \(elements) of \(tensor.elementCount) into \(destination.count) bytes")
        }
        try unsafe read(runs(of: tensor, in: parts, elements: elements), dtype: tensor.dtype, into: destination)
    }

    /// A part's share of the elements that are asked for.
    private struct Run {
        let part: Part
        let block: Block
        /// Elements of the part.
        let elements: Range<UInt64>
        /// Elements asked for that come before these.
        let position: Int
    }

    /// The parts that hold elements of a tensor. All that the directory says about them is checked here: that there is as much as
    /// is asked for is known before memory is reserved for it.
    private func runs(of tensor: Tensor, in parts: [Part], elements: Range<UInt64>) throws(FormatError) -> [Run] {
        var runs: [Run] = []
        for part in parts {
            let start = part.record.startElement
            let wanted = elements.clamped(to: start..<start + part.elementCount)
            guard !wanted.isEmpty else { continue }
            runs.append(
                Run(
                    part: part, block: try block(of: part),
                    elements: wanted.lowerBound - start..<wanted.upperBound - start,
                    position: Int(wanted.lowerBound - elements.lowerBound)))
        }
        return runs
    }

    private func read(_ runs: [Run], dtype: Dtype, into destination: UnsafeMutableRawBufferPointer) throws(FormatError)
    {
        for run in runs {
            let form = try run.part.form(dtype: dtype)
            let first = run.position * form.elementBytes
            let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: destination[first..<first + run.elements.count * form.elementBytes])
            try unsafe read(run, form: form, into: target)
        }
    }

    /// Decodes a run of a part's elements, chunk by chunk.
    private func read(_ run: Run, form: StorageForm, into destination: UnsafeMutableRawBufferPointer)
        throws(FormatError)
    {
        let (part, block, elements) = (run.part, run.block, run.elements)
        let entries = try Array(chunkTable(of: block).entries(of: part))
        try decoders.withDecoder { (decoder) throws(FormatError) in
            let partial = ScratchBytes()
            for index in part.chunking.chunk(
                holding: elements.lowerBound)...part.chunking.chunk(holding: elements.upperBound - 1)
            {
                let range = part.chunking.range(of: index)
                let wanted = range.clamped(to: elements)
                let stored = try storedBytes(of: entries[Int(index)], index: index, part: part, block: block)
                let first = Int(wanted.lowerBound - elements.lowerBound) * form.elementBytes
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: destination[first..<first + wanted.count * form.elementBytes])
                if wanted == range {
                    try unsafe stored.decode(by: decoder, form: form, elements: range.count, into: target)
                } else {
                    let whole = unsafe partial.bytes(range.count * form.elementBytes)
                    try unsafe stored.decode(by: decoder, form: form, elements: range.count, into: whole)
                    let skipped = Int(wanted.lowerBound - range.lowerBound) * form.elementBytes
                    unsafe target.copyMemory(
                        from: UnsafeRawBufferPointer(rebasing: whole[skipped..<skipped + target.count]))
                }
            }
        }
    }

    /// A chunk's stored bytes, read and checked against their hash.
    private func storedBytes(of entry: ChunkEntry, index: UInt64, part: Part, block: Block) throws(FormatError)
        -> StoredChunk
    {
        let offset = block.offset + entry.offset
        let bytes = try storage(of: block).read(at: offset, count: Int(entry.storedLength))
        guard Integrity.matches(entry.hash, XXH3.hash64(bytes)) else {
            throw .broken(
                .chunkHash, in: block, at: entry.offset, "chunk \(index) of part \(part.id) does not match its hash")
        }
        return StoredChunk(bytes: bytes)
    }

    private func elementBytes(of tensor: Tensor) throws(FormatError) -> Int {
        guard let bytes = tensor.dtype.byteCount else {
            throw .unsupported("the tensor has dtype \(tensor.dtype), which this version does not know", rule: .dtype)
        }
        return bytes
    }
}

/// The stored bytes of one chunk, in memory and checked.
private struct StoredChunk {
    let bytes: [UInt8]

    func decode(
        by decoder: ChunkDecoder, form: StorageForm, elements: Int, into destination: UnsafeMutableRawBufferPointer
    ) throws(FormatError) {
        var failure: FormatError?
        unsafe bytes.withUnsafeBytes { stored in
            do throws(FormatError) {
                try unsafe decoder.decode(stored, form: form, elements: elements, into: destination)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
