import Foundation
import Testing

/// What goes wrong is one clear line, the right exit code, and no output left behind.
@Suite struct BadInputTests {
    struct Case: CustomStringConvertible, Sendable {
        let description: String
        let status: Int32
        /// Words that the line must have.
        let words: [String]
        let arguments: @Sendable (TemporaryDirectory) throws -> [String]
    }

    private static let mixtral = Repository.path("fixtures/cases/mixtral/checkpoint.h5")

    private static func config(_ changes: [String: String], in directory: TemporaryDirectory) throws -> String {
        var text = try String(contentsOfFile: Repository.path("fixtures/cases/mixtral/config.json"), encoding: .utf8)
        for (old, new) in changes { text = text.replacing(old, with: new) }
        let path = directory.file("changed.json")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    static let cases: [Case] = [
        Case(description: "missing file", status: 66, words: ["nowhere.h5"]) {
            ["\($0.path)/nowhere.h5", $0.file("out.moe")]
        },
        Case(description: "directory without a checkpoint", status: 66, words: []) { directory in
            try FileManager.default.createDirectory(atPath: directory.file("empty"), withIntermediateDirectories: true)
            return [directory.file("empty"), directory.file("out.moe")]
        },
        Case(description: "text file", status: 65, words: ["text.h5"]) { directory in
            try "not HDF5 at all\n".write(toFile: directory.file("text.h5"), atomically: true, encoding: .utf8)
            return [directory.file("text.h5"), directory.file("out.moe")]
        },
        Case(description: "truncated", status: 65, words: ["cut.h5"]) { directory in
            let data = try Data(contentsOf: URL(filePath: mixtral))
            try data.prefix(data.count / 2).write(to: URL(filePath: directory.file("cut.h5")))
            return [directory.file("cut.h5"), directory.file("out.moe")]
        },
        Case(description: "no expert", status: 65, words: ["--layout", "--map"]) {
            [Repository.path("fixtures/hdf5/types.h5"), $0.file("out.moe")]
        },
        Case(description: "experts contradict the configuration", status: 65, words: ["16", "8"]) {
            [
                mixtral, $0.file("out.moe"), "--config",
                try config(["\"num_local_experts\": 8": "\"num_local_experts\": 16"], in: $0),
            ]
        },
        Case(description: "top-k beyond the experts", status: 65, words: ["9", "8"]) {
            [
                mixtral, $0.file("out.moe"), "--config",
                try config(["\"num_experts_per_tok\": 2": "\"num_experts_per_tok\": 9"], in: $0),
            ]
        },
        Case(description: "configuration is no JSON", status: 65, words: ["changed.json"]) {
            [mixtral, $0.file("out.moe"), "--config", try config(["{": "["], in: $0)]
        },
        Case(description: "missing configuration", status: 66, words: ["none.json"]) {
            [mixtral, $0.file("out.moe"), "--config", $0.file("none.json")]
        },
        Case(description: "unknown output kind", status: 64, words: ["out.txt"]) { [mixtral, $0.file("out.txt")] },
        Case(description: "unknown option", status: 64, words: ["--wrong"]) {
            [mixtral, $0.file("out.moe"), "--wrong"]
        },
        Case(description: "unknown layout", status: 64, words: ["nonsense"]) {
            [mixtral, $0.file("out.moe"), "--layout", "nonsense"]
        },
        Case(description: "output directory missing", status: 73, words: ["no/out.moe"]) {
            [mixtral, $0.file("no/out.moe")]
        },
    ]

    @Test(arguments: cases)
    func isOneLine(badInput: Case) throws {
        let directory = try TemporaryDirectory()
        let outcome = try Command.convert.start(badInput.arguments(directory))
        #expect(outcome.status == badInput.status, "\(outcome.error)")
        #expect(outcome.errorLines.count == 1, "\(outcome.error)")
        for word in badInput.words { #expect(outcome.error.contains(word), "\(outcome.error)") }
        #expect(outcome.output.isEmpty)
        #expect(!directory.names.contains { $0.contains("out.") }, "\(directory.names)")
    }

    @Test func anExistingOutputStaysUnlessForced() throws {
        let directory = try TemporaryDirectory()
        let out = directory.file("out.moe")
        try "mine".write(toFile: out, atomically: true, encoding: .utf8)
        #expect(try Command.convert(Self.mixtral, out).status == 73)
        #expect(try String(contentsOfFile: out, encoding: .utf8) == "mine")
        #expect(try Command.convert(Self.mixtral, out, "--force").status == 0)
        #expect(try Command.inspect("verify", out).status == 0)
        #expect(directory.names == ["out.moe"])
    }

    @Test func damageIsFoundAndNamed() throws {
        let directory = try TemporaryDirectory()
        let out = directory.file("out.moe")
        #expect(try Command.convert(Self.mixtral, out).status == 0)
        var data = try Data(contentsOf: URL(filePath: out))
        data[5000] ^= 0x10
        try data.write(to: URL(filePath: out))
        let outcome = try Command.inspect("verify", out)
        let text = String(decoding: outcome.output, as: UTF8.self)
        #expect(outcome.status == 1)
        #expect(text.contains("R71") && text.contains("chunk 0") && text.contains("tensor"), "\(text)")
    }
}
