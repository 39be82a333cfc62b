import Foundation
import HDF5Source
import MoESystem
import Testing

@Suite struct RefusalTests {
    @Test(
        arguments: [
            (
                "external_storage.h5", HDF5Error.Kind.damaged,
                "/group/stolen: its data lies in the external file /etc/passwd"
            ),
            ("virtual.h5", .damaged, "/group/view: it is a virtual dataset"),
            ("bomb.h5", .limit, "/huge: it declares 4398046511104 bytes but stores"),
            ("newer.h5", .damaged, "h5repack"),
            ("README.md", .damaged, "README.md is not an HDF5 file"),
            ("missing.h5", .io, "cannot open"),
        ] as [(String, HDF5Error.Kind, String)], SessionKind.allCases)
    func isToldInOneLine(_ refusal: (file: String, kind: HDF5Error.Kind, message: String), kind: SessionKind) {
        let error = #expect(throws: HDF5Error.self) { try kind.open(Fixtures.path(refusal.file)) }
        #expect(error?.kind == refusal.kind)
        #expect(error?.message.contains(refusal.message) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("\n") == false)
    }

    @Test func missingFilesKeepTheSystemsNumber() {
        let error = #expect(throws: HDF5Error.self) { try SessionKind.worker.open(Fixtures.path("missing.h5")) }
        #expect(error?.system?.number == ENOENT)
    }

    @Test func aSuperblockFromTheFutureNamesBothVersions() throws {
        try Fixtures.withTemporaryDirectory { directory in
            var bytes = try Fixtures.bytes("links_untracked.h5")
            bytes[8] = 9
            let file = directory.appending(path: "future.h5")
            try Data(bytes).write(to: file)
            let error = #expect(throws: HDF5Error.self) { try HDF5Input.inProcess(file.path(percentEncoded: false)) }
            #expect(error?.message.contains("superblock version 9") == true)
            #expect(error?.message.contains("reads up to 3") == true)
            #expect(error?.message.contains("h5repack") == true)
        }
    }

    @Test func anyTruncationIsAnError() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let bytes = try Fixtures.bytes("links_untracked.h5")
            let file = directory.appending(path: "cut.h5")
            for count in stride(from: 0, to: bytes.count, by: 97) {
                try Data(bytes[..<count]).write(to: file)
                #expect(throws: HDF5Error.self, "\(count) bytes") {
                    try HDF5Input.inProcess(file.path(percentEncoded: false))
                }
            }
        }
    }

    @Test(
        arguments: [
            \HDF5Limits.objects, \.links, \.nameBytes, \.attributesPerObject, \.attributeBytes, \.totalAttributeBytes,
            \.encodedTypeBytes, \.elementBytes, \.depth,
        ] as [any WritableKeyPath<HDF5Limits, Int> & Sendable])
    func limitsHold(limit: any WritableKeyPath<HDF5Limits, Int> & Sendable) {
        var limits = HDF5Limits.standard
        limits[keyPath: limit] = 0
        let error = #expect(throws: HDF5Error.self) {
            try HDF5Input.inProcess(Fixtures.path("attributes_v110.h5"), options: HDF5Options(limits: limits))
        }
        #expect(error?.kind == .limit, "\(error?.message ?? "")")
    }

    @Test func chunkLimitsHold() {
        var limits = HDF5Limits.standard
        limits.chunks = 20
        let error = #expect(throws: HDF5Error.self) {
            try HDF5Input.inProcess(Fixtures.path("layouts_v108.h5"), options: HDF5Options(limits: limits))
        }
        #expect(error?.kind == .limit)
        limits = .standard
        limits.chunkBytes = 100
        #expect(throws: HDF5Error.self) {
            try HDF5Input.inProcess(Fixtures.path("layouts_v108.h5"), options: HDF5Options(limits: limits))
        }
    }

    @Test func namesAreMadeFitForATerminal() {
        #expect(HDF5Name([0x61, 0x1B, 0x5B, 0xC3, 0xA4, 0xFF]).description == "a\\u{1b}[ä\\xff")
        #expect(HDF5Name("a\u{202E}b\nc").description == "a\\u{202e}b\\u{a}c")
    }
}
