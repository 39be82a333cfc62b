extension HDF5DatasetReader {
    /// Elements between the starts of two neighbouring chunks on the first axis, when storage is chunked: ranges that are
    /// multiples of it share no chunk, so that none is decoded twice.
    package var elementsPerChunkLayer: UInt64? {
        guard case .chunks(let chunks) = source, let first = chunks.grid.chunkDimensions.first,
            let rows = dataset.dimensions.first, rows > 0
        else { return nil }
        return min(first, rows) &* (elementCount / rows)
    }

    /// The stored chunks that a range of elements touches, each once, by ascending index; empty for other storage.
    package func chunks(touching elements: Range<UInt64>) -> [HDF5Chunk] {
        guard case .chunks(let chunks) = source, !elements.isEmpty, elements.upperBound <= elementCount else {
            return []
        }
        var found: [HDF5Chunk] = []
        var next = 0
        // Boxes go forward, so what a box shares with those before it comes first.
        for box in HDF5Box.covering(elements, of: dataset.dimensions) {
            let stored = chunks.stored(chunks.indices(touching: box))
            guard stored.upperBound > next else { continue }
            found += chunks.storage.chunks[max(next, stored.lowerBound)..<stored.upperBound]
            next = stored.upperBound
        }
        return found
    }

    /// Decodes one chunk into the cache, so that a later `read` finds it there: for pipelines that decode ahead.
    package func decode(_ chunk: HDF5Chunk, into cache: DecodedChunkCache, using decoder: ChunkDecoder)
        throws(HDF5Error)
    {
        guard case .chunks(let chunks) = source else { return }
        let inside = chunks.grid.extentInside(at: chunks.grid.origin(of: chunk.index))
        _ = try cache.place(
            of: key(of: chunk), byteCount: chunks.chunkBytes, wanted: Int(inside.reduce(UInt64(elementSize), &*))
        ) { () throws(HDF5Error) in
            try decode(chunk, of: chunks, using: decoder)
        }
        cache.finish(key(of: chunk), read: 0)
    }

    func read(
        _ elements: Range<UInt64>, from chunks: HDF5ChunkSource, into destination: UnsafeMutableRawBufferPointer,
        using decoder: ChunkDecoder, cache: DecodedChunkCache?
    ) throws(HDF5Error) {
        let copy = ChunkCopy(
            dimensions: dataset.dimensions, elementSize: elementSize, firstElement: elements.lowerBound)
        for box in HDF5Box.covering(elements, of: dataset.dimensions) {
            let touched = chunks.indices(touching: box)
            let stored = chunks.stored(touched)
            if UInt64(stored.count) <= touched.upperBound - touched.lowerBound {
                // Some were never written. A box is one run of the destination.
                unsafe fill(UnsafeMutableRawBufferPointer(rebasing: destination[copy.bytes(of: box)]))
            }
            for chunk in chunks.storage.chunks[stored] {
                let origin = chunks.grid.origin(of: chunk.index)
                let common = copy.intersection(of: box, origin: origin, extent: chunks.grid.chunkDimensions)
                if let run = copy.wholeRun(of: common, chunkExtent: chunks.grid.chunkDimensions) {
                    // The chunk is one run of the destination: no copy, and nobody else needs it.
                    try unsafe decode(
                        chunk, of: chunks, into: UnsafeMutableRawBufferPointer(rebasing: destination[run]),
                        using: decoder)
                    continue
                }
                let piece = Piece(chunk: chunk, origin: origin, common: common)
                try unsafe fetch(piece, of: chunks, by: copy, into: destination, using: decoder, cache: cache)
            }
        }
    }

    /// What a chunk and a box have in common.
    private struct Piece {
        let chunk: HDF5Chunk
        let origin: [UInt64]
        let common: HDF5Box
    }

    /// Copies a piece of a chunk to its places in `destination`.
    private func fetch(
        _ piece: Piece, of chunks: HDF5ChunkSource, by copy: ChunkCopy, into destination: UnsafeMutableRawBufferPointer,
        using decoder: ChunkDecoder, cache: DecodedChunkCache?
    ) throws(HDF5Error) {
        let chunk = piece.chunk
        // Copies runs that `bytes` holds from `first` on; all ranges were computed from shapes that the buffers have.
        func copyRuns(_ bytes: UnsafeRawBufferPointer, from first: Int, extent: [UInt64]) {
            copy.forEachRun(of: piece.common, origin: piece.origin, extent: extent) { run in
                unsafe UnsafeMutableRawBufferPointer(rebasing: destination[run.target]).copyMemory(
                    from: UnsafeRawBufferPointer(
                        rebasing: bytes[run.source.lowerBound - first..<run.source.upperBound - first]))
            }
        }
        guard let cache else {
            let decoded = try decode(chunk, of: chunks, using: decoder)
            return unsafe decoded.bytes.withUnsafeBytes { unsafe copyRuns($0, from: 0, extent: decoded.extent) }
        }
        let key = key(of: chunk)
        let inside = chunks.grid.extentInside(at: piece.origin).reduce(UInt64(elementSize), &*)
        let place = try cache.place(of: key, byteCount: chunks.chunkBytes, wanted: Int(inside)) {
            () throws(HDF5Error) in
            try decode(chunk, of: chunks, using: decoder)
        }
        defer { cache.finish(key, read: Int(piece.common.extent.reduce(UInt64(elementSize), &*))) }
        switch place {
        case .memory(let decoded):
            unsafe decoded.bytes.withUnsafeBytes { unsafe copyRuns($0, from: 0, extent: decoded.extent) }
        case .disk(let spill, let spilled):
            // The bytes between the first run and the last: no more than the piece where it is whole planes of the chunk.
            let span = copy.span(of: piece.common, origin: piece.origin, extent: spilled.extent)
            let bytes = unsafe decoder.front.bytes(span.count)
            try unsafe spill.read(span, of: spilled, into: bytes)
            unsafe copyRuns(UnsafeRawBufferPointer(bytes), from: span.lowerBound, extent: spilled.extent)
        }
    }

    private func key(of chunk: HDF5Chunk) -> DecodedChunkCache.Key {
        .init(input: ObjectIdentifier(input), dataset: id, chunk: chunk.index)
    }

    private func decode(
        _ chunk: HDF5Chunk, of chunks: HDF5ChunkSource, using decoder: ChunkDecoder
    ) throws(HDF5Error) -> DecodedChunk {
        if case .library = chunks.support {
            let origin = chunks.grid.origin(of: chunk.index)
            let extent = chunks.grid.extentInside(at: origin)
            let bytes = try input.session.readBox(of: id, start: origin, extent: extent)
            // No larger than the chunk, whose size is known to fit.
            guard UInt64(bytes.count) == extent.reduce(UInt64(elementSize), &*) else {
                throw .damaged("chunk \(chunk.index): libhdf5 gave \(bytes.count) bytes")
            }
            return DecodedChunk(extent: extent, bytes: bytes)
        }
        var failure: HDF5Error?
        // Decoding fills all of it or throws; before it gets there, large memory takes none.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: chunks.chunkBytes) { buffer, initialized in
            do throws(HDF5Error) {
                let room = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[..<chunks.chunkBytes])
                try unsafe decode(chunk, of: chunks, into: room, using: decoder)
                initialized = chunks.chunkBytes
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return DecodedChunk(extent: chunks.grid.chunkDimensions, bytes: bytes)
    }

    /// Decodes a chunk to where it is wanted; `destination` has the size of a whole chunk.
    private func decode(
        _ chunk: HDF5Chunk, of chunks: HDF5ChunkSource, into destination: UnsafeMutableRawBufferPointer,
        using decoder: ChunkDecoder
    ) throws(HDF5Error) {
        guard case .native(let pipeline) = chunks.support else {
            let decoded = try decode(chunk, of: chunks, using: decoder)
            guard decoded.bytes.count == destination.count else {
                throw .damaged("chunk \(chunk.index) is of another size")
            }
            return unsafe destination.copyBytes(from: decoded.bytes)
        }
        guard let storedSize = Int(exactly: chunk.storedSize), storedSize <= input.options.limits.chunkBytes else {
            throw .limit("chunk \(chunk.index) of \(chunk.storedSize) bytes exceeds the limit")
        }
        let stored = unsafe decoder.stored.bytes(storedSize)
        defer { decoder.releaseLarge() }
        try unsafe readFile(into: stored, at: chunk.fileOffset)
        do throws(HDF5Error) {
            try unsafe pipeline.decode(
                UnsafeRawBufferPointer(stored), mask: chunks.mask(of: chunk), into: destination, using: decoder)
        } catch {
            throw error.within("chunk \(chunk.index) at offset \(chunk.fileOffset)")
        }
    }
}
