import Foundation
import MoEFormat
import Testing

/// `--shard-size`, and sets wherever a command takes a model.
@Suite struct SetTests {
    private static let checkpoint = Repository.path("fixtures/cases/mixtral/checkpoint.h5")
    private static let other = Repository.path("fixtures/cases/deepseek_v3/checkpoint.h5")

    private static func members(_ name: String, _ count: Int) -> [String] {
        ([name + ".moe"] + (1...count).map { name + "-0000\($0)-of-0000\(count).moe" }).sorted()
    }

    @Test func aSetIsWrittenShownAndJoined() throws {
        let directory = try TemporaryDirectory()
        let head = directory.file("m.moe")
        let outcome = try Command.convert(Self.checkpoint, head, "--shard-size", "60KB", "--check", "--json")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(directory.names == Self.members("m", 5))
        let report = try JSONParser.parse(Array(outcome.output))
        #expect(report["files"]?.array?.count == 6)
        let sizes = try directory.names.map { try Data(contentsOf: URL(filePath: directory.file($0))).count }
        #expect(report["file_bytes"]?.integer == sizes.reduce(0, +))
        #expect(sizes.allSatisfy { $0 <= 60_000 })

        let shown = try Command.inspect(head)
        #expect(shown.status == 0 && shown.errorLines.isEmpty)
        let text = String(decoding: shown.output, as: UTF8.self)
        for name in directory.names { #expect(text.contains(name)) }
        let json = try JSONParser.parse(Array(Command.inspect(head, "--json", "--tensors").output))
        #expect(json["set"]?["files"]?.array?.compactMap { $0["name"]?.string }.sorted() == directory.names)
        #expect(json["file_bytes"]?.integer == sizes.reduce(0, +))
        for name in directory.names {
            #expect(try Command.inspect("verify", directory.file(name)).status == 0)
            let extracted = try Command.inspect("extract", directory.file(name), "model/norm/weight", "-o", "-")
            #expect(extracted.status == 0 && !extracted.output.isEmpty)
        }
        #expect(try Command.convert(Self.checkpoint, directory.file("one.moe")).status == 0)
        #expect(try Command.convert(head, directory.file("joined.moe")).status == 0)
        #expect(
            FileManager.default.contentsEqual(
                atPath: directory.file("joined.moe"), andPath: directory.file("one.moe")))
    }

    @Test func aSetRunsWithTheBitsOfTheOneFile() throws {
        let directory = try TemporaryDirectory()
        #expect(try Command.convert(Self.other, directory.file("one.moe")).status == 0)
        for (name, compression) in [("zstd.moe", "zstd"), ("raw.moe", "none")] {
            let size = compression == "none" ? "100KiB" : "40KiB"
            #expect(
                try Command.convert(
                    Self.other, directory.file(name), "--compression", compression, "--shard-size", size
                ).status == 0)
        }
        try NumPyFile.write(
            (0..<7).map { row in (0..<32).map { Float(($0 * 5 + row * 3) % 11) - 5 } }, to: directory.file("x.npy"))
        var outputs: Set<Data> = []
        for model in ["one.moe", "zstd.moe", "raw.moe"] {
            for engine in ["mapped", "read", "direct"] {
                let outcome = try Command.run(
                    directory.file(model), "--layer", "model.layers.1.mlp", "--input", directory.file("x.npy"),
                    "--output",
                    directory.file("y.npy"), "--io", engine, "--budget", "20KiB")
                try #require(outcome.status == 0, "\(outcome.error)")
                outputs.insert(try Data(contentsOf: URL(filePath: directory.file("y.npy"))))
            }
        }
        #expect(outputs.count == 1)
    }

    @Test func whatIsThereIsReplacedOnlyByForce() throws {
        let directory = try TemporaryDirectory()
        let head = directory.file("m.moe")
        func convert(_ checkpoint: String, _ more: String...) throws -> Command.Outcome {
            try Command.convert.start([checkpoint, head, "--quiet"] + more)
        }
        #expect(try convert(Self.checkpoint, "--shard-size", "60KB").status == 0)
        let before = directory.names
        for arguments in [["--shard-size", "60KB"], []] {
            let refused = try Command.convert.start([Self.other, head, "--quiet"] + arguments)
            #expect(refused.status == 73 && refused.error.contains("--force"), "\(refused.error)")
        }
        // A member without a head is not replaced either.
        try FileManager.default.removeItem(atPath: head)
        let refused = try convert(Self.other, "--shard-size", "1GiB")
        #expect(refused.status == 73 && refused.error.contains("m-00001-of-00005.moe"), "\(refused.error)")
        #expect(directory.names == before.filter { $0 != "m.moe" })

        // By one with as many files, with others, by one file.
        #expect(try convert(Self.checkpoint, "--shard-size", "60KB", "--force").status == 0)
        #expect(directory.names == before)
        #expect(try convert(Self.checkpoint, "--compression", "none", "--shard-size", "71KB", "--force").status == 0)
        #expect(try Command.inspect("verify", head).status == 0)
        #expect(directory.names == before)
        #expect(try convert(Self.checkpoint, "--shard-size", "150KB", "--force").status == 0)
        #expect(directory.names == Self.members("m", 2))
        #expect(try Command.inspect("verify", head).status == 0)
        // A file that is called like a member but belongs to another set is left alone.
        let stray = directory.file("m-00001-of-00009.moe")
        try Data("mine".utf8).write(to: URL(filePath: stray))
        #expect(try convert(Self.checkpoint, "--force").status == 0)
        #expect(directory.names == ["m-00001-of-00009.moe", "m.moe"])
        #expect(try Command.inspect("verify", head).status == 0)
    }

    @Test func aSetIsNotWrittenOverItself() throws {
        let directory = try TemporaryDirectory()
        let head = directory.file("m.moe")
        #expect(try Command.convert(Self.checkpoint, head, "--shard-size", "60KB").status == 0)
        for input in [head, directory.file("m-00002-of-00005.moe")] {
            let outcome = try Command.convert(input, head, "--force", "--shard-size", "150KB")
            #expect(outcome.status == 64 && outcome.error.contains("the same file"), "\(outcome.error)")
        }
        #expect(try Command.inspect("verify", head).status == 0)
    }

    @Test func wrongUseIsSaid() throws {
        let directory = try TemporaryDirectory()
        for (output, size) in [("m.h5", "60KB"), ("m.safetensors", "60KB"), ("m.moe", "0"), ("m.moe", "60K")] {
            let outcome = try Command.convert(Self.checkpoint, directory.file(output), "--shard-size", size)
            #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome.error)")
            #expect(outcome.error.contains("shard-size"), "\(outcome.error)")
        }
        #expect(directory.names.isEmpty)
    }

    @Test func whatIsWrongWithAMemberIsSaid() throws {
        let directory = try TemporaryDirectory()
        let head = directory.file("m.moe")
        #expect(try Command.convert(Self.checkpoint, head, "--shard-size", "60KB").status == 0)
        try NumPyFile.write([[Float](repeating: 0.5, count: 32)], to: directory.file("x.npy"))
        let member = directory.file("m-00002-of-00005.moe")
        let bytes = try Data(contentsOf: URL(filePath: member))

        func check(status: Int32, verify: Int32, _ words: String) throws {
            let shown = try Command.inspect(head)
            #expect(shown.status == 0 && shown.errorLines.count == 1, "\(shown.error)")
            #expect(String(decoding: shown.output, as: UTF8.self).contains(words))
            let run = try Command.run(
                head, "--layer", "0", "--input", directory.file("x.npy"), "--output", directory.file("y.npy"))
            let convert = try Command.convert(head, directory.file("out.moe"))
            for outcome in [run, convert] {
                #expect(outcome.status == status && outcome.errorLines.count == 1, "\(outcome.error)")
                #expect(
                    outcome.error.contains(words) && outcome.error.contains("m-00002-of-00005.moe"), "\(outcome.error)")
            }
            let verified = try Command.inspect("verify", head)
            #expect(verified.status == verify, "\(verified.error)")
            #expect(
                (verified.error + String(decoding: verified.output, as: UTF8.self)).contains("m-00002-of-00005.moe"))
        }
        try FileManager.default.removeItem(atPath: member)
        try check(status: 66, verify: 66, "No such file")
        try bytes.dropLast().write(to: URL(filePath: member))
        try check(status: 65, verify: 1, "R95")
        try FileManager.default.removeItem(atPath: member)
        try FileManager.default.copyItem(atPath: directory.file("m-00003-of-00005.moe"), toPath: member)
        try check(status: 65, verify: 1, "R95")
        var flipped = bytes
        flipped[70] ^= 1
        try flipped.write(to: URL(filePath: member))
        let verified = try Command.inspect("verify", head, "--json")
        #expect(verified.status == 1)
        let findings = try JSONParser.parse(Array(verified.output))["findings"]?.array
        #expect(findings?.first?["file"]?.string == "m-00002-of-00005.moe" && findings?.first?["rule"]?.string == "R71")
    }

    /// Signals leave the older model or the new one, whole; a kill may leave members, but no head that leads to others' files.
    @Test(arguments: [SIGINT, SIGTERM, SIGKILL], [false, true])
    func signalsLeaveNoHalfSet(signal: Int32, isReplacing: Bool) throws {
        for _ in 0..<4 {
            let directory = try TemporaryDirectory()
            let head = directory.file("m.moe")
            if isReplacing {
                // As many files as the new one has, with other bytes.
                let older = try Command.convert(Self.checkpoint, head, "--compression", "none", "--shard-size", "71KB")
                #expect(older.status == 0)
            }
            let process = try Command.convert.started(
                [Self.checkpoint, head, "--shard-size", "60KB", "--quiet"] + (isReplacing ? ["--force"] : []))
            usleep(UInt32.random(in: 0...120_000))
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            let names = directory.names
            if names.contains("m.moe") {
                #expect(try Command.inspect("verify", head).status == 0, "\(names)")
                #expect(names == Self.members("m", 5))
            } else if signal != SIGKILL {
                #expect(!isReplacing && names.isEmpty, "\(names)")
            }
        }
    }
}
