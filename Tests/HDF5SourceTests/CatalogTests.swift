import Testing

@testable import HDF5Source

@Suite struct CatalogTests {
    private func catalog(_ name: String) throws -> HDF5Catalog { try HDF5Input.inProcess(Fixtures.path(name)).catalog }

    @Test(arguments: ElementTests.files)
    func encodingGivesTheSameCatalog(file: String) throws {
        let catalog = try catalog(file)
        #expect(try HDF5Catalog(decoding: catalog.encoded()) == catalog)
    }

    @Test(arguments: ElementTests.files)
    func theWorkerMakesTheSameCatalog(file: String) throws {
        #expect(try SessionKind.worker.open(Fixtures.path(file)).catalog == (try catalog(file)))
    }

    @Test func mutatedEncodingsNeverTrap() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        for file in ["types.h5", "links.h5", "attributes_v108.h5", "layouts_v108_user_block.h5"] {
            let bytes = try catalog(file).encoded()
            for _ in 0..<300 {
                var mutated = bytes
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    let place = Int.random(in: 0..<mutated.count, using: &generator)
                    mutated[place] = UInt8.random(in: 0...255, using: &generator)
                }
                if Bool.random(using: &generator) {
                    mutated.removeLast(Int.random(in: 0..<mutated.count, using: &generator))
                }
                if let catalog = try? HDF5Catalog(decoding: mutated) { _ = catalog.datasets.map(catalog.path(of:)) }
            }
        }
    }

    @Test func superblocksAreTold() throws {
        #expect(try catalog("layouts_v108.h5").files[0].superblockVersion == 0)
        #expect(try catalog("layouts_v110.h5").files[0].superblockVersion == 3)
    }

    @Test func typesAreInterpreted() throws {
        let catalog = try catalog("types.h5")
        func type(_ path: String) throws -> HDF5Datatype {
            try #require(catalog.object(at: path).flatMap { catalog[$0]?.dataset?.type })
        }
        #expect(
            try type("int/be_u4")
                == HDF5Datatype(
                    size: 4,
                    kind: .integer(HDF5IntegerLayout(isSigned: false, order: .big, precision: 32, bitOffset: 0))))
        for (path, bits) in [
            ("float/le_f2", (5, 10)), ("float/be_f4", (8, 23)), ("float/le_f8", (11, 52)), ("bf16/floating", (8, 7)),
        ] {
            guard case .floatingPoint(let layout) = try type(path).kind else {
                Issue.record("\(path) is a float")
                continue
            }
            #expect(layout.isInterchangeFormat(exponentBits: bits.0, mantissaBits: bits.1), "\(path)")
        }
        #expect(try type("bf16/untagged") == HDF5Datatype(size: 2, kind: .opaque(tag: [])))
        #expect(try type("bf16/opaque_tag").kind == .opaque(tag: Array("torch.bfloat16".utf8)))
        #expect(try type("bool").isBoolean)
        #expect(try !type("enum").isBoolean)
        #expect(try type("float/be_f4").swapWidth == 4)
        #expect(try type("compound").swapWidth == 1)
        #expect(try type("string/variable").containsVariableLength)
        #expect(try type("references").kind == .reference(.object))
        guard case .compound(let members) = try type("compound").kind else {
            Issue.record("it is a compound")
            return
        }
        #expect(members.map(\.name.description) == ["a", "b", "c"])
        #expect(members.map(\.offset) == [0, 4, 12])
    }

    @Test func namedDatatypesAreFoundAgain() throws {
        let catalog = try catalog("types.h5")
        let named = try #require(catalog.object(at: "committed/weights"))
        let user = try #require(catalog.object(at: "uses_committed").flatMap { catalog[$0] })
        #expect(user.dataset?.datatype.committed == named)
        #expect(user.attributes.first?.datatype.committed == named)
        guard case .namedDatatype(let datatype) = catalog[named]?.kind else {
            Issue.record("it is a named datatype")
            return
        }
        #expect(datatype.type.size == 4)
        #expect(!datatype.encoded.isEmpty)
    }

    @Test func referencesLeadToAddresses() throws {
        let input = try HDF5Input.inProcess(Fixtures.path("types.h5"))
        let reader = try HDF5DatasetReader(try #require(input.catalog.object(at: "references")), of: input)
        let bytes = try reader.bytes(of: 0..<2, using: ChunkDecoder())
        let addresses = [0, 8].map { start in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
        }
        let targets = addresses.compactMap { address in input.catalog.objects.firstIndex { $0.address == address } }
        #expect(
            targets.map { input.catalog.path(of: HDF5ObjectID(rawValue: UInt32($0))).description } == ["/bool", "/int"])
    }

    @Test(arguments: [("attributes_v108.h5", false), ("attributes_v110.h5", true)])
    func attributesKeepTheirBytes(file: String, tracked: Bool) throws {
        let root = try #require(catalog(file)[.root])
        #expect(root.attributeOrder == (tracked ? .indexed : .untracked))
        let names = root.attributes.map(\.name.description)
        if tracked {
            #expect(names.prefix(3) == ["zebra", "apple", "fixed"])
            #expect(root.attributes.compactMap(\.creationOrder) == Array(0..<UInt32(root.attributes.count)))
        } else {
            #expect(names == names.sorted())
            #expect(root.attributes.allSatisfy { $0.creationOrder == nil })
        }
        func attribute(_ name: String) throws -> HDF5Attribute {
            try #require(root.attributes.first { $0.name.description == name })
        }
        #expect(try attribute("zebra").value == [0, 0, 0xC0, 0x3F])
        #expect(strings(serialized: try attribute("apple").value) == ["variable text"])
        #expect(strings(serialized: try attribute("texts").value) == ["a", "", "ccc"])
        #expect(try attribute("names").value == Array("dense\0\0dense_1".utf8))
        #expect(try attribute("matrix").value == [0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5])
        #expect(try attribute("matrix").dataspace.space == .simple(dimensions: [2, 3], maximum: [2, 3]))
        #expect(try attribute("empty").dataspace.space == .null)
        #expect(try attribute("none").value.isEmpty)
        #expect(try attribute("flag").datatype.type.isBoolean)
        #expect(try attribute("link").containsReferences)
        #expect(try attribute("sequences").value == [2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0])
        #expect(
            try attribute("mixed").value
                == [7, 0, 0, 0, 5, 0, 0, 0] + Array("seven".utf8) + [8, 0, 0, 0, 0, 0, 0, 0])
        if tracked {
            let large = try attribute("large").value
            #expect(large.count == 70 * 1024)
            #expect(large[4 * 17_919] == 0xFF && large[4 * 17_919 + 1] == 0x45)
            let group = try #require(catalog(file).object(at: "group").flatMap { try catalog(file)[$0] })
            #expect(
                group.attributes.map(\.name.description) == (0..<20).map { $0 < 10 ? "a\(19 - $0)" : "a0\(19 - $0)" })
        }
    }
}
