import CHDF5

extension HDF5Scan {
    /// Chunk shape, filters, and the place of every stored chunk.
    ///
    /// Each chunk is looked up by its coordinates, O(log n): listing by number would walk the index anew for each
    /// (20 000 chunks took 4 to 16 s that way and take 20 ms this way with libhdf5 1.10.8).
    func chunkedStorage(
        of handle: borrowing HDF5Handle, properties: borrowing HDF5Handle, spaceHandle: borrowing HDF5Handle,
        type: HDF5Datatype, space: HDF5Dataspace, in file: Int
    ) throws(HDF5Error) -> HDF5ChunkedStorage {
        let dimensions = space.dimensions
        var chunkDimensions = [hsize_t](repeating: 0, count: dimensions.count)
        // Writes at most as many numbers as it is told there is room for.
        let rank = unsafe H5Pget_chunk(properties.id, Int32(truncatingIfNeeded: dimensions.count), &chunkDimensions)
        try HDF5Library.check(rank, "read its chunk shape")
        guard rank == dimensions.count, !dimensions.isEmpty,
            let grid = HDF5ChunkGrid(dimensions: dimensions, chunkDimensions: chunkDimensions)
        else { throw .damaged("its chunks do not fit its shape") }
        var options: UInt32 = 0
        try HDF5Library.check(unsafe H5Pget_chunk_opts(properties.id, &options), "read its chunk options")
        var storage = HDF5ChunkedStorage(
            chunkDimensions: chunkDimensions, filters: try filters(properties),
            leavesPartialChunksUnfiltered: options & moe_h5_partial_chunks_unfiltered() != 0, chunks: [])
        guard grid.count > 0 else { return storage }

        var stored: hsize_t = 0
        try HDF5Library.check(unsafe H5Dget_num_chunks(handle.id, spaceHandle.id, &stored), "count its chunks")
        guard stored > 0 else { return storage }
        guard stored <= UInt64(limits.chunks - chunkCount) else {
            throw .limit("there are more than \(limits.chunks) chunks")
        }
        chunkCount += Int(stored)
        storage.chunks = try locateChunks(
            of: handle, spaceHandle: spaceHandle, grid: grid, count: stored, in: files[file])
        guard storage.chunks.count == Int(stored) else {
            throw .damaged("its chunk index lists \(stored) chunks of which \(storage.chunks.count) are found")
        }
        return storage
    }

    private func locateChunks(
        of handle: borrowing HDF5Handle, spaceHandle: borrowing HDF5Handle, grid: HDF5ChunkGrid, count: UInt64,
        in file: HDF5LibraryFile
    ) throws(HDF5Error) -> [HDF5Chunk] {
        // Untouched by the driver, so its pages are never made real; no chunk is stored in more bytes than the file has.
        let largest = min(limits.chunkBytes, Int(clamping: file.description.size))
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: largest, alignment: 16)
        defer { unsafe scratch.deallocate() }
        var chunks: [HDF5Chunk] = []
        chunks.reserveCapacity(Int(min(count, 1 << 16)))
        let candidates = try candidateChunks(of: handle, spaceHandle: spaceHandle, grid: grid, count: count)
        var looked = 0
        func look(at index: UInt64) throws(HDF5Error) {
            looked += 1
            if looked % 1024 == 0 { try progress() }
            if let chunk = try unsafe file.locateChunk(
                of: handle, at: grid.origin(of: index), index: index, scratch: scratch)
            {
                chunks.append(chunk)
            }
        }
        if let candidates {
            for index in candidates { try look(at: index) }
        } else {
            var index: UInt64 = 0
            while index < grid.count, chunks.count < Int(count) {
                try look(at: index)
                index += 1
            }
        }
        return chunks
    }

    /// The indices of chunks that may be stored, ascending; nil for all of the grid.
    ///
    /// A sparse dataset can have a grid without end and a handful of chunks: those few are listed by number.
    private func candidateChunks(
        of handle: borrowing HDF5Handle, spaceHandle: borrowing HDF5Handle, grid: HDF5ChunkGrid, count: UInt64
    ) throws(HDF5Error) -> [UInt64]? {
        if grid.count / 64 <= max(count, 1 << 14) { return nil }
        guard count <= 4096 else {
            throw .limit("\(count) chunks lie scattered over a grid of \(grid.count), too sparse to list")
        }
        var indices: [UInt64] = []
        for number in 0..<count {
            var origin = [hsize_t](repeating: 0, count: grid.dimensions.count)
            // As many coordinates as there are axes.
            try HDF5Library.check(
                unsafe moe_h5_numbered_chunk(handle.id, spaceHandle.id, number, &origin), "list its chunks")
            let position = zip(origin, grid.chunkDimensions).map { $0 / $1 }
            guard zip(position, grid.extents).allSatisfy({ $0 < $1 }) else {
                throw .damaged("a chunk lies outside its shape")
            }
            indices.append(grid.index(at: position))
            if number % 64 == 0 { try progress() }
        }
        return indices.sorted()
    }

    private func filters(_ properties: borrowing HDF5Handle) throws(HDF5Error) -> [HDF5Filter] {
        let count = try HDF5Library.check(H5Pget_nfilters(properties.id), "count its filters")
        guard count <= limits.filters else { throw .limit("it has more than \(limits.filters) filters") }
        var filters: [HDF5Filter] = []
        for index in 0..<UInt32(count) {
            var flags: UInt32 = 0
            var configuration: UInt32 = 0
            var parameterCount = limits.filterParameters
            var parameters = [UInt32](repeating: 0, count: parameterCount)
            var name = [CChar](repeating: 0, count: 257)
            // At most `parameterCount` parameters and 256 bytes of name are written; the name's last byte stays NUL.
            let id = unsafe H5Pget_filter2(
                properties.id, index, &flags, &parameterCount, &parameters, 256, &name, &configuration)
            try HDF5Library.check(id, "read filter \(index)")
            guard let number = UInt16(exactly: id), parameterCount <= limits.filterParameters else {
                throw .limit("filter \(index) has number \(id) and \(parameterCount) parameters")
            }
            filters.append(
                HDF5Filter(
                    id: HDF5FilterID(rawValue: number),
                    name: HDF5Name(name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))),
                    isOptional: flags & moe_h5_filter_is_optional() != 0,
                    parameters: Array(parameters.prefix(parameterCount)), isDecodableByLibrary: canDecode(id)))
        }
        return filters
    }

    private func canDecode(_ filter: Int32) -> Bool {
        guard H5Zfilter_avail(filter) > 0 else { return false }
        var configuration: UInt32 = 0
        // One place.
        guard unsafe H5Zget_filter_info(filter, &configuration) >= 0 else { return false }
        return configuration & moe_h5_filter_can_decode() != 0
    }
}
