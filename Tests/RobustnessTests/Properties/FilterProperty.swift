@testable package import HDF5Source

/// Whatever a chunk's stored bytes, undoing its filters fills exactly the chunk, the same way each time, or throws.
///
/// Input: element size, chunk elements (u16), filter mask, number of filters, then for each a selector and a parameter, then the
/// stored bytes.
package enum FilterProperty {
    private static let filters: [HDF5FilterID] = [.deflate, .shuffle, .fletcher32, .lzf, .szip, .nbit]
    private static let canary: UInt8 = 0x3C
    private static let margin = 64

    @discardableResult
    package static func check(_ input: [UInt8], decoder: ChunkDecoder) -> Bool {
        guard input.count >= 5 else { return false }
        let elementSize = max(1, Int(input[0] % 17))
        let elements = max(1, UInt64(input[1]) | UInt64(input[2]) << 8)
        let count = Int(input[4] % 5)
        guard input.count >= 5 + 2 * count else { return false }
        var storage = HDF5ChunkedStorage(
            chunkDimensions: [elements], filters: [], leavesPartialChunksUnfiltered: false, chunks: [])
        for index in 0..<count {
            let id = filters[Int(input[5 + 2 * index]) % filters.count]
            storage.filters.append(
                HDF5Filter(
                    id: id, name: HDF5Name([]), isOptional: false, parameters: [UInt32(input[6 + 2 * index])],
                    isDecodableByLibrary: id == .szip))
        }
        guard case .native(let pipeline)? = try? ChunkFilterPipeline.support(for: storage, elementSize: elementSize)
        else { return false }
        let stored = Array(input[(5 + 2 * count)...])
        let mask = UInt32(input[3])
        guard let first = decode(stored, by: pipeline, mask: mask, using: decoder) else { return false }
        expect(decode(stored, by: pipeline, mask: mask, using: decoder) == first, "filters give the same bytes again")
        return true
    }

    private static func decode(
        _ stored: [UInt8], by pipeline: ChunkFilterPipeline, mask: UInt32, using decoder: ChunkDecoder
    ) -> [UInt8]? {
        var room = [UInt8](repeating: canary, count: pipeline.chunkBytes + 2 * margin)
        let isDecoded = stored.withUnsafeBytes { stored in
            room.withUnsafeMutableBytes { room in
                let target = UnsafeMutableRawBufferPointer(rebasing: room[margin..<margin + pipeline.chunkBytes])
                return (try? pipeline.decode(stored, mask: mask, into: target, using: decoder)) != nil
            }
        }
        expect(
            room.prefix(margin).allSatisfy { $0 == canary } && room.suffix(margin).allSatisfy { $0 == canary },
            "filters stay inside their memory")
        return isDecoded ? Array(room[margin..<margin + pipeline.chunkBytes]) : nil
    }
}
