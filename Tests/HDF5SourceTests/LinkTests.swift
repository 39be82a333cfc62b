import HDF5Source
import Testing

@Suite struct LinkTests {
    private func catalog(_ name: String, follow: Bool = false) throws -> HDF5Catalog {
        try HDF5Input.inProcess(Fixtures.path(name), options: HDF5Options(externalLinks: follow ? .followed : .refused))
            .catalog
    }

    private func target(_ catalog: HDF5Catalog, _ path: String) -> String? {
        catalog.object(at: path).map { catalog.path(of: $0).description }
    }

    @Test func trackedGroupsKeepTheOrderOfCreation() throws {
        let catalog = try catalog("links.h5")
        let names = catalog.links.filter { $0.parent == .root }
        #expect(names.prefix(3).map(\.name.description) == ["z_first", "a_second", "hard_alias"])
        #expect(names.compactMap(\.creationOrder) == Array(0..<Int64(names.count)))
        #expect(names.last?.name.description == "grüße")
        #expect(names.last?.characterSet == .utf8)
        #expect(catalog[.root]?.kind == .group(linkOrder: .indexed))
    }

    @Test func untrackedGroupsAreInOrderOfNames() throws {
        let catalog = try catalog("links_untracked.h5")
        #expect(catalog.links.filter { $0.parent == .root }.map(\.name.description) == ["a", "b.0.weight", "z"])
        #expect(target(catalog, "z/data") == "/a/data")
    }

    @Test func everyWayToAnObjectIsKnown() throws {
        let catalog = try catalog("links.h5")
        let data = try #require(catalog.object(at: "z_first/data"))
        #expect(catalog.path(of: data).description == "/z_first/data")
        let links = try #require(catalog.linksByTarget()[data]).map { catalog.path(of: catalog.links[$0]).description }
        #expect(links == ["/z_first/data", "/hard_alias", "/soft_absolute", "/soft_through_soft"])
        #expect(target(catalog, "soft_group") == "/a_second/data")
        #expect(target(catalog, "a_second/soft_relative") == "/a_second/data")
    }

    @Test func cyclesEnd() throws {
        let catalog = try catalog("links.h5")
        #expect(target(catalog, "a_second/back_to_root/a_second/self/self/data") == "/a_second/data")
        let dangling = catalog.danglingLinks.map(\.name.description)
        #expect(dangling == ["dangling", "cycle_a", "cycle_b", "own_cycle", "through_dataset"])
    }

    @Test(arguments: SessionKind.allCases)
    func externalLinksAreRefusedWithTheirTarget(kind: SessionKind) {
        let error = #expect(throws: HDF5Error.self) { try kind.open(Fixtures.path("external_link.h5")) }
        #expect(error?.kind == .damaged)
        // "direct" comes first by name.
        #expect(
            error?.message.contains(
                "external_link.h5: /direct: the external link to external_target.h5:/inner/data is refused") == true)
    }

    @Test(arguments: SessionKind.allCases)
    func externalLinksAreFollowedInsideTheDirectory(kind: SessionKind) throws {
        let input = try kind.open(Fixtures.path("external_link.h5"), options: HDF5Options(externalLinks: .followed))
        let catalog = input.catalog
        #expect(catalog.files.count == 2)
        #expect(catalog.danglingLinks.map(\.name.description) == ["gone", "missing"])
        // Only what the links lead to: the target's other datasets stay out.
        #expect(catalog.datasets.map { catalog.path(of: $0).description } == ["/own", "/direct", "/there/soft"])
        #expect(target(catalog, "there/data") == "/direct")
        let there = Fixtures.expected["external_target.h5"]?.datasets ?? [:]
        #expect(there.isEmpty)
        let more = try HDF5DatasetReader(try #require(catalog.object(at: "there/soft")), of: input)
        let direct = try HDF5Input.inProcess(Fixtures.path("external_target.h5"))
        let same = try HDF5DatasetReader(try #require(direct.catalog.object(at: "outside/more")), of: direct)
        #expect(try more.bytes(of: 0..<6, using: ChunkDecoder()) == (try same.bytes(of: 0..<6, using: ChunkDecoder())))
    }

    @Test func externalLinksNeverLeaveTheDirectory() {
        let error = #expect(throws: HDF5Error.self) { try catalog("external_outside.h5", follow: true) }
        #expect(error?.message.contains("lies outside the input's own directory") == true)
    }
}
