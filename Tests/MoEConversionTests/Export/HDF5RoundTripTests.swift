import Foundation
import HDF5Source
import MoEFormat
import Testing

@testable import MoEConversion

/// HDF5 to `.moe` and back: what comes back is the file that went in.
@Suite struct HDF5RoundTripTests {
    static let fixtures = Repository.files(in: "fixtures/hdf5", withExtension: "h5").filter { path in
        // Files that conversion refuses, each for its own reason: they have tests of their own.
        !["bomb", "external_link", "external_outside", "external_storage", "filter_blosc", "newer", "virtual"]
            .contains(URL(filePath: path).deletingPathExtension().lastPathComponent)
    }

    @Test func fixturesAreThere() { #expect(Self.fixtures.count >= 10 && Repository.checkpoints.count >= 18) }

    @Test(arguments: fixtures)
    func everyKindOfObjectComesBack(_ path: String) throws {
        try comesBack(path) { $0.recognition.layout = .dense }
    }

    @Test(arguments: Repository.checkpoints)
    func checkpointsComeBack(_ path: String) throws {
        try comesBack(path) { _ in }
    }

    private func comesBack(_ path: String, _ change: (inout Conversion.Request) -> Void) throws {
        let scratch = try Scratch()
        let model = try scratch.convert(path, to: "model.moe", change)
        let back = try scratch.convert(model, to: "back.h5")
        let before = try ComparableCatalog(path)
        let after = try ComparableCatalog(back)
        #expect(before.superblock == after.superblock)
        #expect(before.userBlock == after.userBlock)
        #expect(before.links == after.links)
        #expect(before.objects.count == after.objects.count)
        for (index, (a, b)) in zip(before.objects, after.objects).enumerated() where a != b {
            Issue.record("object \(index): \(a) became \(b)")
        }
        // The same input gives the same bytes, whatever the number of threads.
        try scratch.convert(model, to: "again.h5") { $0.storage.jobs = 1 }
        #expect(try scratch.bytes("again.h5") == scratch.bytes("back.h5"))
    }

    /// The links come back, what they lead to stays where it is; the check of the written file looks at neither.
    @Test func externalLinksComeBack() throws {
        let scratch = try Scratch()
        let path = Repository.path("fixtures/hdf5/external_link.h5")
        let model = try scratch.convert(path, to: "model.moe") {
            $0.recognition.layout = .dense
            $0.externalLinks = .followed
        }
        let back = try scratch.convert(model, to: "back.h5")
        #expect(
            try ComparableCatalog(path, externalLinks: .unfollowed)
                == ComparableCatalog(back, externalLinks: .unfollowed))
    }

    /// Straight from HDF5 to HDF5, without a `.moe` file between.
    @Test func noFileBetween() throws {
        let scratch = try Scratch()
        let path = Repository.path("fixtures/hdf5/types.h5")
        let copy = try scratch.convert(path, to: "copy.h5")
        #expect(try ComparableCatalog(path) == ComparableCatalog(copy))
    }
}
