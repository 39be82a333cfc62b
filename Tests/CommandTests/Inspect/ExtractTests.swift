import Foundation
import MoEFormat
import Testing

@testable import CommandSupport

/// `moe-inspect extract`: headers and bytes, of the whole tensor, of rows, of one expert.
@Suite struct ExtractTests {
    private static let mixtral = Repository.path("fixtures/written/mixtral.moe")
    private static let stacked = Repository.path("fixtures/golden/stacked.moe")

    /// What a NumPy file holds behind its header, and the header's text.
    private static func parsed(_ file: Data) throws -> (header: String, bytes: [UInt8]) {
        let length = Int(file[8]) | Int(file[9]) << 8
        return (String(decoding: file[10..<10 + length], as: UTF8.self), Array(file[(10 + length)...]))
    }

    @Test(arguments: [mixtral, stacked]) func everyTensorComesAsItIs(path: String) throws {
        let file = try ModelFile(opening: path)
        for index in 0..<min(file.tensorCount, 24) {
            let tensor = try file.tensor(at: index)
            let outcome = try Command.inspect("extract", path, tensor.name, "-o", "-")
            #expect(outcome.status == 0, "\(outcome.error)")
            let (header, bytes) = try Self.parsed(outcome.output)
            #expect(try bytes == file.bytes(of: tensor))
            let shape = tensor.shape.map(String.init).joined(separator: ", ")
            #expect(header.contains("(\(shape)"), "\(header)")
        }
    }

    @Test func rowsAndExperts() throws {
        let file = try ModelFile(opening: Self.stacked)
        for index in 0..<file.tensorCount {
            let tensor = try file.tensor(at: index)
            guard let rows = tensor.shape.first, rows > 1, tensor.shape.count > 1 else { continue }
            let some = try Command.inspect("extract", Self.stacked, tensor.name, "--rows", "1:2", "-o", "-")
            #expect(try Self.parsed(some.output).bytes == file.bytes(of: tensor, rows: 1..<2))
            guard let share = try? file.bytes(of: tensor, expert: 1) else { continue }
            let own = try Command.inspect("extract", Self.stacked, tensor.name, "--expert", "1", "-o", "-")
            #expect(try Self.parsed(own.output).bytes == share)
        }
    }

    /// Of a tensor that is damaged where it begins not even a header is written; of an output that is a file nothing at all.
    @Test func damageLeavesNoOutput() throws {
        let directory = try TemporaryDirectory()
        var bytes = try Data(contentsOf: URL(filePath: Self.mixtral))
        let file = try ModelFile(opening: Self.mixtral)
        let tensor = try file.tensor(at: 0)
        let part = try #require(try file.parts(of: tensor).first)
        let block = try file.block(of: part)
        let chunk = try #require(try file.chunkTable(of: block).entries(of: part).first)
        bytes[Int(block.offset + chunk.offset)] ^= 1
        let damaged = directory.file("damaged.moe")
        try bytes.write(to: URL(filePath: damaged))
        let streamed = try Command.inspect("extract", damaged, tensor.name, "-o", "-")
        #expect(streamed.status == 65 && streamed.output.isEmpty)
        let output = directory.file("x.npy")
        #expect(try Command.inspect("extract", damaged, tensor.name, "-o", output).status == 65)
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
