import HDF5Source
import MoESystem
import Testing

@Suite struct ChunkTests {
    private static func reader(_ path: String) throws -> HDF5DatasetReader {
        let input = try HDF5Input.inProcess(Fixtures.path("layouts_v108.h5"))
        return try HDF5DatasetReader(try #require(input.catalog.object(at: path)), of: input)
    }

    @Test func expertsThatShareChunksDecodeEachOnce() throws {
        // [6, 10, 14] in chunks of [4, 3, 5]: experts 0 to 3 share 12 chunks, 4 and 5 the other 12.
        let reader = try Self.reader("chunked/experts")
        let expert: UInt64 = 10 * 14
        #expect(reader.elementsPerChunkLayer == 4 * expert)
        #expect(reader.chunks(touching: 0..<expert).count == 12)
        #expect(reader.chunks(touching: 0..<(4 * expert)).count == 12)
        #expect(reader.chunks(touching: (3 * expert)..<(5 * expert)).count == 24)
        let chunk = 4 * 3 * 5 * 4
        let cache = DecodedChunkCache(byteLimit: 13 * chunk)
        for index in 0..<UInt64(4) {
            _ = try reader.bytes(of: (index * expert)..<((index + 1) * expert), using: ChunkDecoder(), cache: cache)
            // What all four have read is not kept.
            #expect(cache.bytesHeld == (index < 3 ? 12 * chunk : 0))
            #expect(cache.decodeCount == 12)
        }
        _ = try reader.bytes(of: (4 * expert)..<(5 * expert), using: ChunkDecoder(), cache: cache)
        #expect(cache.bytesHeld == 12 * chunk)
        #expect(cache.decodeCount == 24)
    }

    @Test(arguments: [0, 100, 1000, 4000])
    func chunksWithoutRoomAreReadBackFromDisk(byteLimit: Int) async throws {
        let reader = try Self.reader("chunked/experts")
        let whole = try reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder())
        let cache = DecodedChunkCache(byteLimit: byteLimit, spill: ChunkSpill(try ScratchFile()))
        // Rows, each of which crosses chunks, in an order of their own on several threads.
        let row: UInt64 = 14
        let size = UInt64(reader.elementSize)
        let pieces = await withTaskGroup(of: (UInt64, [UInt8]?).self) { group in
            for index in (0..<reader.elementCount / row).shuffled() {
                group.addTask {
                    (index, try? reader.bytes(of: index * row..<(index + 1) * row, using: ChunkDecoder(), cache: cache))
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, piece) in pieces {
            #expect(piece == Array(whole[Int(index * row * size)..<Int((index + 1) * row * size)]))
        }
        #expect(pieces.count == Int(reader.elementCount / row))
        #expect(cache.decodeCount == 24)
        #expect(cache.bytesHeld == 0)
    }

    @Test func chunksDecodedAheadOnManyThreadsAreFoundLater() async throws {
        let reader = try Self.reader("chunked/experts")
        let cache = DecodedChunkCache(byteLimit: 1 << 20)
        let chunks = reader.chunks(touching: 0..<reader.elementCount)
        await withTaskGroup(of: Void.self) { group in
            for chunk in chunks + chunks {
                group.addTask { try? reader.decode(chunk, into: cache, using: ChunkDecoder()) }
            }
        }
        #expect(cache.decodeCount == chunks.count)
        let whole = try reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder(), cache: cache)
        #expect(whole == (try reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder())))
        #expect(cache.decodeCount == chunks.count)
    }

    @Test func unwrittenChunksHaveTheFillValue() throws {
        let reader = try Self.reader("chunked/sparse")
        let bytes = try reader.bytes(of: 0..<1, using: ChunkDecoder())
        #expect(bytes == (0..<8).map { UInt8(truncatingIfNeeded: (-1.5).bitPattern >> (8 * $0)) })
        #expect(reader.chunks(touching: 0..<1).isEmpty)
    }

    @Test(arguments: [[3], [1, 1], [2, 3], [4, 1, 5], [2, 3, 2, 2]] as [[UInt64]])
    func boxesCoverARangeInOrder(dimensions: [UInt64]) {
        let count = dimensions.reduce(1, *)
        for start in 0..<count {
            for end in (start + 1)...count {
                let boxes = HDF5Box.covering(start..<end, of: dimensions)
                #expect(boxes.count <= 2 * dimensions.count - 1)
                var next = start
                for box in boxes {
                    var index: UInt64 = 0
                    for axis in dimensions.indices {
                        #expect(box.start[axis] + box.extent[axis] <= dimensions[axis])
                        index = index * dimensions[axis] + box.start[axis]
                    }
                    #expect(index == next)
                    next += box.extent.reduce(1, *)
                }
                #expect(next == end)
            }
        }
    }
}
