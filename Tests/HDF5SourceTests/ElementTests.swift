import HDF5Source
import Testing

/// Every element of every fixture, against what h5py reads.
@Suite struct ElementTests {
    static let files = Fixtures.expected.keys.sorted()

    @Test func fixturesAreThere() { #expect(Self.files.count >= 9) }

    @Test(arguments: files, SessionKind.allCases)
    func everyDatasetHasItsElements(file: String, kind: SessionKind) throws {
        let expected = try #require(Fixtures.expected[file])
        let input = try kind.open(Fixtures.path(file))
        let catalog = input.catalog
        #expect(catalog.files[0].userBlockSize == expected.user_block)
        #expect(catalog.datasets.map { catalog.path(of: $0).description }.sorted() == expected.datasets.keys.sorted())
        for id in catalog.datasets {
            let path = catalog.path(of: id).description
            let entry = try #require(expected.datasets[path])
            let dataset = try #require(catalog[id]?.dataset)
            if let shape = entry.shape {
                #expect(dataset.dimensions == shape, "\(path)")
                #expect(dataset.dataspace.space != .null)
            } else {
                #expect(dataset.dataspace.space == .null)
            }
            if let hash = entry.fnv1a {
                let reader = try HDF5DatasetReader(id, of: input)
                #expect(reader.byteCount == entry.bytes, "\(path)")
                let bytes = try reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder())
                #expect(fnv1a(bytes) == hash, "\(path)")
            } else if let expectedStrings = entry.strings {
                let bytes = try input.session.readElements(of: id, 0..<dataset.elementCount)
                #expect(strings(serialized: bytes) == expectedStrings, "\(path)")
            } else {
                let bytes = try input.session.readElements(of: id, 0..<dataset.elementCount)
                let expectedBytes = try #require(entry.sequences).flatMap { sequence in
                    ([Int32(sequence.count)] + sequence).flatMap { number in
                        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
                    }
                }
                #expect(bytes == expectedBytes, "\(path)")
            }
        }
    }

    @Test(arguments: files.filter { $0.hasPrefix("layouts") })
    func anyRangeIsThatPartOfTheWhole(file: String) throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        let input = try HDF5Input.inProcess(Fixtures.path(file))
        let decoder = ChunkDecoder()
        for id in input.catalog.datasets {
            let reader = try HDF5DatasetReader(id, of: input)
            guard reader.elementCount > 0, reader.elementCount < 100_000 else { continue }
            let whole = try reader.bytes(of: 0..<reader.elementCount, using: decoder)
            let cache = DecodedChunkCache(byteLimit: Int.random(in: 0...5000, using: &generator))
            for round in 0..<20 {
                let start = UInt64.random(in: 0..<reader.elementCount, using: &generator)
                let end = UInt64.random(in: start...reader.elementCount, using: &generator)
                let part = try reader.bytes(of: start..<end, using: decoder, cache: round % 2 == 0 ? cache : nil)
                let size = UInt64(reader.elementSize)
                #expect(
                    part == Array(whole[Int(start * size)..<Int(end * size)]),
                    "\(input.catalog.path(of: id)) \(start)..<\(end), seed \(seed)")
            }
        }
    }

    @Test func rangesOutsideADatasetAreRefused() throws {
        let input = try HDF5Input.inProcess(Fixtures.path("layouts_v108.h5"))
        let reader = try HDF5DatasetReader(try #require(input.catalog.object(at: "contiguous")), of: input)
        #expect(throws: HDF5Error.self) { try reader.bytes(of: 0..<64, using: ChunkDecoder()) }
        #expect(throws: HDF5Error.self) { try input.session.readBox(of: reader.id, start: [0, 8], extent: [1, 2]) }
        #expect(throws: HDF5Error.self) { try input.session.readBox(of: reader.id, start: [0], extent: [1]) }
        #expect(throws: HDF5Error.self) { try input.session.readBox(of: reader.id, start: [0, .max], extent: [1, 2]) }
    }
}
