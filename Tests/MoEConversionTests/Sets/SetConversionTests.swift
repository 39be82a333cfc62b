import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoEConversion

/// Models cut into sets, and joined again.
@Suite struct SetConversionTests {
    private static func checkpoint(_ name: String) -> String { Repository.path("fixtures/cases/\(name)/checkpoint.h5") }

    /// The bytes of a model's files, by the name that they would have as `m.moe`.
    private func files(_ path: String) throws -> [String: Data] {
        guard let set = try ModelFile(opening: path).set else {
            return ["m.moe": try Data(contentsOf: URL(filePath: path))]
        }
        let name = SetName(head: "m.moe")
        var files: [String: Data] = [:]
        for number in 0...set.memberCount {
            let own = number == 0 ? name.head : name.member(number, of: set.memberCount)
            files[own] = try Data(contentsOf: URL(filePath: set.path(of: number)))
        }
        return files
    }

    /// In a few files, and for some with a file for every block.
    @Test(arguments: Repository.checkpoints)
    func aSetIsJoinedToTheFileThatItWouldHaveBeen(_ checkpoint: String) throws {
        let scratch = try Scratch()
        let one = try scratch.convert(checkpoint, to: "one.moe")
        let length = UInt64(try scratch.bytes("one.moe").count)
        let each: [UInt64] = ["mixtral", "gpt_oss_mxfp4"].contains { checkpoint.contains("/\($0)/") } ? [1] : []
        for (index, limit) in ([length / 2, length / 5] + each).enumerated() {
            let set = try scratch.convert(checkpoint, to: "set\(index).moe", limit: limit)
            let file = try ModelFile(opening: set)
            #expect(try Verification(of: file, workers: Workers(2)).findings.isEmpty)
            #expect(file.set != nil)
            try scratch.convert(set, to: "joined.moe")
            #expect(try scratch.bytes("joined.moe") == scratch.bytes("one.moe"))
            // Cut from the one file, with one thread: the same files. Their bytes do not know their names.
            let cut = try scratch.convert(one, to: "cut\(index).moe", limit: limit) { $0.storage.jobs = 1 }
            #expect(try files(cut) == files(set))
        }
    }

    @Test func aForcedAlignmentIsKept() throws {
        let scratch = try Scratch()
        func aligned(_ request: inout Conversion.Request) { request.storage.alignment = .forced(log2: 12) }
        try scratch.convert(Self.checkpoint("mixtral"), to: "one.moe", aligned)
        let set = try scratch.convert(Self.checkpoint("mixtral"), to: "set.moe", limit: 40_000, aligned)
        try scratch.convert(set, to: "joined.moe")
        #expect(try scratch.bytes("joined.moe") == scratch.bytes("one.moe"))
    }

    /// Chunks that no decoder takes are cut into files and joined: nobody decoded them.
    @Test func blocksAreCopiedNotDecoded() throws {
        let scratch = try Scratch()
        let damaged = Repository.path("fixtures/invalid/R72-mode-3.moe")
        let set = try scratch.convert(damaged, to: "set.moe", limit: 1)
        #expect(try ModelFile(opening: set).set?.memberCount == 1)
        try scratch.convert(set, to: "joined.moe")
        try scratch.convert(damaged, to: "one.moe")
        #expect(try scratch.bytes("joined.moe") == scratch.bytes("one.moe"))
    }

    @Test(arguments: ["back.h5", "back.safetensors"])
    func aSetIsExported(_ name: String) throws {
        let scratch = try Scratch()
        let one = try scratch.convert(Self.checkpoint("deepseek_v3"), to: "one.moe")
        let set = try scratch.convert(one, to: "set.moe", limit: 30_000)
        try scratch.convert(one, to: "one.\(name)")
        try scratch.convert(set, to: "set.\(name)")
        if name.hasSuffix(".h5") {
            #expect(
                try ComparableCatalog(scratch.path("set.\(name)")) == ComparableCatalog(scratch.path("one.\(name)")))
        } else {
            #expect(try scratch.bytes("set.\(name)") == scratch.bytes("one.\(name)"))
        }
    }

    @Test func aSetIsSlimmed() throws {
        let scratch = try Scratch()
        let one = try scratch.convert(Self.checkpoint("mixtral"), to: "one.moe")
        let set = try scratch.convert(one, to: "set.moe", limit: 30_000)
        for (name, change) in [
            ("experts", { $0.slimming.experts = 2..<6 }), ("layers", { $0.slimming.layers = 1..<2 }),
            ("dtype", { $0.slimming.dtype = .bf16 }),
        ] as [(String, (inout Conversion.Request) -> Void)] {
            try scratch.convert(one, to: "one.\(name).moe", change)
            try scratch.convert(set, to: "set.\(name).moe", change)
            #expect(try scratch.bytes("set.\(name).moe") == scratch.bytes("one.\(name).moe"))
            // And the slimmer model as a set again.
            let slim = try scratch.convert(set, to: "slim.\(name).moe", limit: 20_000, change)
            #expect(try ModelFile(opening: slim).set != nil)
            try scratch.convert(slim, to: "joined.\(name).moe")
            #expect(try scratch.bytes("joined.\(name).moe") == scratch.bytes("one.\(name).moe"))
        }
    }

    @Test func aSetIsCheckedBeforeItHasItsNames() throws {
        let scratch = try Scratch()
        var request = Conversion.Request(input: Self.checkpoint("mixtral"))
        request.isInProcess = true
        let output = try ModelOutput(scratch.path("m.moe"), replacing: false, fileLimit: 50_000)
        let conversion = try Conversion(request)
        try conversion.write(to: output)
        try conversion.check(output)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
        try output.commit()
        #expect(try ModelFile(opening: scratch.path("m.moe")).set != nil)
    }

    /// A directory that holds nothing but a set holds one model.
    @Test func aDirectoryWithASetIsThatSet() throws {
        let scratch = try Scratch()
        try scratch.convert(Self.checkpoint("mixtral"), to: "in.moe", limit: 50_000)
        let other = try Scratch()
        let joined = try other.convert(scratch.url.path, to: "joined.moe")
        #expect(try ModelFile(opening: joined).set == nil)
        // A member names its set.
        let member = try #require(SetName(head: scratch.path("in.moe")).existingMembers.first)
        try other.convert(member, to: "again.moe")
        #expect(try other.bytes("again.moe") == other.bytes("joined.moe"))
    }

    /// What would fail at the end fails before the work.
    @Test func aSetWithoutAMemberIsRefused() throws {
        let scratch = try Scratch()
        let set = try scratch.convert(Self.checkpoint("mixtral"), to: "in.moe", limit: 50_000)
        let member = try #require(SetName(head: set).existingMembers.last)
        try FileManager.default.removeItem(atPath: member)
        let error = #expect(throws: ConversionError.self) { try scratch.convert(set, to: "joined.moe") }
        #expect(error?.kind == .unopenable && error?.description.contains(member) == true)
    }
}
