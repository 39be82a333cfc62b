import Foundation
import MoEFormat
import Testing

/// Only the experts that routing chose are read; damage elsewhere changes nothing.
@Suite struct PagingTests {
    private struct Inspection {
        let json: JSONValue

        init(_ file: String) throws {
            json = try JSONParser.parse(Array(Command.inspect(file, "--json", "--tensors").output))
        }

        /// Offset and length of every expert's stored chunks.
        func parts(ofExpert expert: Int, bank: Int) -> [(offset: Int, length: Int)] {
            (json["tensors"]?.array ?? []).flatMap { $0["parts"]?.array ?? [] }.compactMap { part in
                guard part["expert"]?.integer == expert, part["bank"]?.integer == bank,
                    let offset = part["offset"]?.integer,
                    let length = part["stored_bytes"]?.integer
                else { return nil }
                return (offset, length)
            }
        }
    }

    @Test(arguments: ["mapped", "read", "direct"], ["zstd", "none"])
    func expertsThatWereNotChosenAreNotTouched(engine: String, compression: String) throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        let reference = try #require(ReferenceCase.all.first { $0.directory.hasSuffix("cases/mixtral") })
        #expect(try Command.convert(reference.checkpoint, file, "--compression", compression).status == 0)
        let layer = try reference.layers()[0]
        try NumPyFile.write([layer.input[0]], to: directory.file("x.npy"))
        func run() throws -> (output: Data, statistics: JSONValue) {
            let outcome = try Command.run(
                file, "--layer", "0", "--input", directory.file("x.npy"), "--output", directory.file("y.npy"), "--io",
                engine, "--stats")
            try #require(outcome.status == 0, "\(outcome.error)")
            return (
                try Data(contentsOf: URL(filePath: directory.file("y.npy"))),
                try JSONParser.parse(Array(outcome.output))
            )
        }
        let (whole, statistics) = try run()
        let chosen = layer.experts[0].sorted()
        #expect(statistics["experts_used"]?.array?.compactMap(\.integer) == chosen)
        #expect(statistics["misses"]?.integer == 2)

        // Garbage over every other expert, of both layers.
        var data = try Data(contentsOf: URL(filePath: file))
        let inspection = try Inspection(file)
        for bank in 0..<2 {
            for expert in 0..<8 where !(bank == 0 && chosen.contains(expert)) {
                for part in inspection.parts(ofExpert: expert, bank: bank) {
                    for index in part.offset..<part.offset + part.length { data[index] ^= 0xA5 }
                }
            }
        }
        try data.write(to: URL(filePath: file))
        #expect(try run().output == whole)

        // One flipped bit in a chosen expert: an error, and no output.
        let part = try #require(inspection.parts(ofExpert: chosen[0], bank: 0).first)
        data[part.offset + part.length / 2] ^= 1
        try data.write(to: URL(filePath: file))
        try FileManager.default.removeItem(atPath: directory.file("y.npy"))
        let outcome = try Command.run(
            file, "--layer", "0", "--input", directory.file("x.npy"), "--output", directory.file("y.npy"), "--io",
            engine)
        #expect(outcome.status == 65)
        #expect(outcome.errorLines.count == 1 && outcome.error.contains("R71"), "\(outcome.error)")
        #expect(!directory.names.contains("y.npy"))
    }

    @Test func aBudgetBelowOneExpertIsRefusedWithTheLeastThatWillDo() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        let reference = try #require(ReferenceCase.all.first { $0.directory.hasSuffix("cases/mixtral") })
        #expect(try Command.convert(reference.checkpoint, file).status == 0)
        try NumPyFile.write(try reference.layers()[0].input, to: directory.file("x.npy"))
        let outcome = try Command.run(
            file, "--layer", "0", "--input", directory.file("x.npy"), "--output", directory.file("y.npy"), "--budget",
            "1KiB")
        #expect(outcome.status == 64)
        #expect(outcome.error.contains("16896"), "\(outcome.error)")
    }

    /// What a run writes appears as a whole or not at all, and never in place of what it reads.
    @Test func outputsAreRefusedBeforeAnythingIsWritten() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        let reference = try #require(ReferenceCase.all.first { $0.directory.hasSuffix("cases/mixtral") })
        #expect(try Command.convert(reference.checkpoint, file).status == 0)
        try NumPyFile.write(try reference.layers()[0].input, to: directory.file("x.npy"))
        let names = directory.names
        func status(_ output: String, _ routing: String) throws -> Int32 {
            try Command.run(
                file, "--layer", "0", "--input", directory.file("x.npy"), "--output", output, "--routing", routing
            ).status
        }
        let y = directory.file("y.npy")
        for routing in ["none/routing.json", "", String(repeating: "n", count: 300), "."] {
            #expect(try status(y, routing.isEmpty ? "" : directory.file(routing)) == 73, "\(routing)")
        }
        #expect(try status(y, y) == 64)
        let content = try Data(contentsOf: URL(filePath: file))
        #expect(try status(file, directory.file("routing.json")) == 64)
        #expect(try status(directory.file("x.npy"), directory.file("routing.json")) == 64)
        #expect(directory.names == names)
        #expect(try Data(contentsOf: URL(filePath: file)) == content)
    }
}
