import Testing

@testable import HDF5Source

@Suite struct FilterTests {
    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 16])
    func shuffleMergesPlanes(elementSize: Int) {
        for count in [0, 1, 2, 3, 15, 16, 17, 64, 100] {
            for rest in 0..<min(elementSize, 3) {
                let elements = (0..<(count * elementSize + rest)).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
                var planes = elements
                // libhdf5 leaves a single element as it is.
                if count > 1 {
                    for index in 0..<count {
                        for byte in 0..<elementSize {
                            planes[byte * count + index] = elements[index * elementSize + byte]
                        }
                    }
                }
                var merged = [UInt8](repeating: 0, count: planes.count)
                unsafe planes.withUnsafeBytes { source in
                    unsafe merged.withUnsafeMutableBytes { target in
                        unsafe ByteShuffle.merge(planes: source, elementSize: elementSize, into: target)
                    }
                }
                #expect(merged == elements)
            }
        }
    }

    @Test func fletcherFitsTheHistoricByteOrderToo() {
        let bytes: [UInt8] = [1, 2, 3, 4, 5]
        let sum = unsafe bytes.withUnsafeBytes { unsafe Fletcher32.checksum(of: $0) }
        // Words 0x0102, 0x0304, 0x0500: sums 0x0906 and 0x0E0E.
        #expect(sum == 0x0E0E_0906)
        #expect(Fletcher32.matches(stored: 0x0E0E_0609, computed: sum))
        #expect(!Fletcher32.matches(stored: 0x0906_0E0E, computed: sum))
    }

    @Test func lzfFollowsReferencesThatOverlap() throws {
        // "ab", then 8 bytes from 2 back.
        #expect(try lzf([1, 0x61, 0x62, 0xC0, 1], room: 10) == Array("ababababab".utf8))
        // A long one: 7 is extended by the next byte.
        #expect(try lzf([0, 0x7A, 0xE0, 5, 0], room: 15) == [UInt8](repeating: 0x7A, count: 15))
    }

    @Test(
        arguments: [
            [0x05, 1, 2], [0xE0], [0xE0, 1], [0x20], [0x00, 9, 0x20, 1], [0x00, 9, 0x3F, 0xFF], [0x03, 1, 2, 3, 4],
            [0x1F],
        ] as [[UInt8]])
    func lzfRefusesWhatDoesNotFit(bytes: [UInt8]) {
        #expect(throws: HDF5Error.self) { try lzf(bytes, room: 3) }
    }

    @Test func randomBytesNeverLeaveTheChunk() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let decoder = ChunkDecoder()
        let ids: [HDF5FilterID] = [.deflate, .shuffle, .fletcher32, .lzf]
        for _ in 0..<2000 {
            let filters = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                HDF5Filter(
                    id: ids.randomElement(using: &generator) ?? .lzf, name: HDF5Name(""), isOptional: true,
                    parameters: [UInt32.random(in: 1...9, using: &generator)], isDecodableByLibrary: true)
            }
            let storage = HDF5ChunkedStorage(
                chunkDimensions: [UInt64.random(in: 1...40, using: &generator)], filters: filters,
                leavesPartialChunksUnfiltered: false,
                chunks: [HDF5Chunk(index: 0, fileOffset: 0, storedSize: 1, filterMask: 0)])
            guard case .native(let pipeline) = try ChunkFilterPipeline.support(for: storage, elementSize: 3) else {
                Issue.record("\(filters) are native")
                continue
            }
            let stored = (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            var chunk = [UInt8](repeating: 0, count: pipeline.chunkBytes)
            let mask = UInt32.random(in: 0...31, using: &generator)
            unsafe stored.withUnsafeBytes { source in
                unsafe chunk.withUnsafeMutableBytes { target in
                    // Whether it decodes does not matter: that it neither traps nor writes elsewhere does.
                    _ = try? unsafe pipeline.decode(source, mask: mask, into: target, using: decoder)
                }
            }
        }
    }

    @Test func aFilterThatNobodyHasIsNamed() throws {
        let input = try HDF5Input.inProcess(Fixtures.path("filter_blosc.h5"))
        let plain = try #require(input.catalog.object(at: "plain"))
        _ = try HDF5DatasetReader(plain, of: input)
        let packed = try #require(input.catalog.object(at: "packed"))
        let error = #expect(throws: HDF5Error.self) { try HDF5DatasetReader(packed, of: input) }
        #expect(error?.kind == .damaged)
        #expect(error?.message.contains("/packed: its chunks need filter blosc (32001)") == true)
    }

    private func lzf(_ bytes: [UInt8], room: Int) throws(HDF5Error) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: room)
        let written = try unsafe bytes.withUnsafeBufferPointer { input throws(HDF5Error) in
            try unsafe output.withUnsafeMutableBufferPointer { output throws(HDF5Error) in
                try unsafe LZF.decode(UnsafeRawBufferPointer(input), into: UnsafeMutableRawBufferPointer(output))
            }
        }
        return Array(output[..<written])
    }
}
