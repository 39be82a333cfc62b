/// Undoes the filters of a dataset's chunks without libhdf5, on as many threads as wanted.
package struct ChunkFilterPipeline: Equatable, Sendable {
    /// Bytes of a decoded chunk.
    package let chunkBytes: Int
    private let steps: [Step]

    private struct Step: Equatable {
        var filter: Filter
        /// Its bit in a chunk's filter mask.
        var bit: UInt32
    }

    private enum Filter: Equatable {
        case deflate, fletcher32, lzf
        case shuffle(elementSize: Int)
    }

    /// Who can decode a dataset's chunks.
    package enum Support: Equatable, Sendable {
        case native(ChunkFilterPipeline)
        /// Some filter, the first of them named, is only in libhdf5.
        case library(HDF5FilterID)
    }

    /// Finds out who can undo the filters.
    ///
    /// - Throws: `HDF5Error.damaged` for a filter that nobody here can undo, naming it, and for parameters out of range.
    package static func support(for storage: HDF5ChunkedStorage, elementSize: Int) throws(HDF5Error) -> Support {
        guard let chunkBytes = storage.chunkByteCount(elementSize: elementSize) else {
            throw .limit("a chunk exceeds what memory can address")
        }
        var steps: [Step] = []
        var needed: HDF5FilterID?
        for (index, filter) in storage.filters.enumerated() {
            let bit: UInt32 = 1 << UInt32(truncatingIfNeeded: index)
            switch filter.id {
            case .deflate: steps.append(Step(filter: .deflate, bit: bit))
            case .fletcher32: steps.append(Step(filter: .fletcher32, bit: bit))
            case .lzf: steps.append(Step(filter: .lzf, bit: bit))
            case .shuffle:
                guard let size = filter.parameters.first.flatMap(Int.init(exactly:)), size > 0 else {
                    throw .damaged("its shuffle filter has no element size")
                }
                steps.append(Step(filter: .shuffle(elementSize: size), bit: bit))
            default:
                // A filter that no chunk was stored with does not matter.
                if storage.chunks.allSatisfy({ $0.filterMask & bit != 0 }) { continue }
                guard filter.isDecodableByLibrary else {
                    throw .damaged(
                        "its chunks need filter \(filter.id), which is not built in: rewrite the file with `h5repack -f GZIP=1` or none"
                    )
                }
                needed = needed ?? filter.id
            }
        }
        if let needed {
            // libhdf5 has no lzf of its own, so the two cannot be mixed.
            guard storage.filters.allSatisfy(\.isDecodableByLibrary) else {
                throw .damaged("its chunks need filter \(needed) together with one that libhdf5 does not have")
            }
            return .library(needed)
        }
        return .native(ChunkFilterPipeline(chunkBytes: chunkBytes, steps: steps))
    }

    /// Decodes one stored chunk.
    ///
    /// - Parameters:
    ///   - stored: the chunk as it lies in the file; in the decoder's buffer for that, or elsewhere.
    ///   - mask: bit i leaves filter i out; all bits set for a chunk without any.
    ///   - chunk: receives the elements: exactly `chunkBytes` bytes.
    /// - Throws: `HDF5Error.damaged` when the data is corrupt or of any other size than the chunk's. O(chunk size).
    package func decode(
        _ stored: UnsafeRawBufferPointer, mask: UInt32, into chunk: UnsafeMutableRawBufferPointer,
        using decoder: ChunkDecoder
    ) throws(HDF5Error) {
        let active = steps.filter { mask & $0.bit == 0 }
        let sizes = sizesBefore(active)
        // The last step that writes anything writes into the chunk, the others into one of two buffers by turns.
        let last = active.firstIndex { $0.filter != .fletcher32 }
        var current = unsafe stored
        var usesFront = true
        for (index, step) in active.enumerated().reversed() {
            if step.filter == .fletcher32 {
                unsafe current = try withoutChecksum(current)
                continue
            }
            let target: UnsafeMutableRawBufferPointer
            if index == last, sizes[index] == chunkBytes {
                unsafe target = chunk
            } else {
                let capacity = sizes[index] ?? largestIntermediate
                unsafe target = (usesFront ? decoder.front : decoder.back).bytes(capacity)
                usesFront.toggle()
            }
            let count = try unsafe undo(step.filter, current, into: target, using: decoder)
            if let expected = sizes[index], count != expected {
                throw .damaged("it decodes to \(count) bytes instead of \(expected)")
            }
            unsafe current = UnsafeRawBufferPointer(rebasing: target[..<count])
            // The stored bytes have served, and the chunk's own memory is not touched before the last step.
            decoder.releaseStored()
        }
        guard current.count == chunkBytes, chunk.count == chunkBytes else {
            throw .damaged("it decodes to \(current.count) bytes instead of \(chunkBytes)")
        }
        if unsafe current.baseAddress != UnsafeRawPointer(chunk.baseAddress) { unsafe chunk.copyMemory(from: current) }
    }

    /// The bytes that each filter was given when the chunk was written; nil behind a compressor, where they vary.
    private func sizesBefore(_ active: [Step]) -> [Int?] {
        var size: Int? = chunkBytes
        return active.map { step in
            defer {
                switch step.filter {
                case .shuffle: break
                case .fletcher32: size = size.map { $0 + 4 }
                case .deflate, .lzf: size = nil
                }
            }
            return size
        }
    }

    /// Compressors in a row: what one gives the next is at most this much larger than the chunk.
    private var largestIntermediate: Int { chunkBytes + chunkBytes / 8 + 4096 }

    private func withoutChecksum(_ bytes: UnsafeRawBufferPointer) throws(HDF5Error) -> UnsafeRawBufferPointer {
        guard bytes.count >= 4 else { throw .damaged("it is too short for its checksum") }
        let data = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 4)])
        let stored = unsafe bytes.loadUnaligned(fromByteOffset: data.count, as: UInt32.self).littleEndian
        guard Fletcher32.matches(stored: stored, computed: unsafe Fletcher32.checksum(of: data)) else {
            throw .damaged("its fletcher32 checksum does not match")
        }
        return unsafe data
    }

    private func undo(
        _ filter: Filter, _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer,
        using decoder: ChunkDecoder
    ) throws(HDF5Error) -> Int {
        switch filter {
        case .deflate: return try unsafe decoder.inflate(input, into: output)
        case .lzf: return try unsafe LZF.decode(input, into: output)
        case .shuffle(let elementSize):
            guard input.count <= output.count else { throw .damaged("it holds more than its chunk") }
            unsafe ByteShuffle.merge(
                planes: input, elementSize: elementSize,
                into: UnsafeMutableRawBufferPointer(rebasing: output[..<input.count]))
            return input.count
        case .fletcher32: return input.count
        }
    }
}
