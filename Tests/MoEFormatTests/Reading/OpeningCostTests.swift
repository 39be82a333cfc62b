import Foundation
import MoESystem
import Testing

@testable import MoEFormat

/// How much of a file opening it and reading one small tensor fetches.
@Suite struct OpeningCostTests {
    private func bytesRead(tensors count: Int) throws -> (opening: UInt64, reading: UInt64, fileBytes: UInt64) {
        let directory = try TemporaryDirectory()
        var composer = try FileComposer(path: directory.file("a.moe"))
        composer.compresses = false
        for index in 0..<count {
            let tensor = try composer.declare(
                "model.layers.\(index / 100).mlp.experts.\(index % 100).up_proj.weight", .u8, [2, 8])
            try composer.block(
                .dense, [.init(tensor: tensor, bytes: [UInt8](repeating: UInt8(index & 255), count: 16), rowLength: 8)])
        }
        try composer.finish()
        let file = try ModelFile(opening: directory.file("a.moe"))
        let opening = file.storage.bytesRead
        let middle = count / 2
        let tensor = try #require(
            try file.tensor(named: "model.layers.\(middle / 100).mlp.experts.\(middle % 100).up_proj.weight"))
        #expect(try file.bytes(of: tensor) == [UInt8](repeating: UInt8(middle & 255), count: 16))
        return (opening, file.storage.bytesRead - opening, file.byteCount)
    }

    @Test func growsWithTheLogarithmOfTheTensors() throws {
        let few = try bytesRead(tensors: 500)
        let many = try bytesRead(tensors: 8000)
        #expect(many.fileBytes > 14 * few.fileBytes)
        // The end of the file and the header; then name index, name, tensor, dims, parts, block: a page each, the index a few.
        #expect(many.opening <= 64 + 65_536)
        #expect(many.reading <= 12 * UInt64(Limits.pageBytes) + 1024)
        #expect(many.reading <= few.reading + 8 * UInt64(Limits.pageBytes))
    }

    /// The name index is searched page by page: however many names it holds, one or two pages lead to a name.
    @Test func aNameIsFoundOnFewPagesOfTheIndex() throws {
        let directory = try TemporaryDirectory()
        var composer = try FileComposer(path: directory.file("a.moe"))
        composer.compresses = false
        let count = 45_000
        var name: (Int) -> String { { "model.layers.\($0 / 768).mlp.experts.\($0 % 768 / 3).\($0 % 3).weight" } }
        var pieces: [FileComposer.Piece] = []
        for index in 0..<count {
            let tensor = try composer.declare(name(index), .u8, [1])
            pieces.append(.init(tensor: tensor, bytes: [0], rowLength: 1))
        }
        try composer.block(.dense, pieces)
        try composer.finish()
        var pages = 0
        let tries = 60
        for step in 0..<tries {
            let file = try ModelFile(opening: directory.file("a.moe"))
            let before = file.storage.bytesRead
            let index = (step * 7919) % count
            #expect(try file.directory.find(name(index)) == .tensor(index))
            // Beside the index, the tensor's record and its name are read.
            pages += Int(file.storage.bytesRead - before) / Limits.pageBytes - 2
        }
        #expect(pages <= 2 * tries, "\(pages) pages of the index for \(tries) names")
        let file = try ModelFile(opening: directory.file("a.moe"))
        #expect(try file.directory.find("no such name") == nil)
        for index in stride(from: 0, to: count, by: 1009) {
            #expect(try file.directory.find(name(index)) == .tensor(index))
        }
    }

    /// A block of many tensors is checked once, not once for each of them: otherwise a few megabytes of records would keep a reader
    /// busy for hours.
    @Test func tensorsOfOneBlockShareItsTable() throws {
        let directory = try TemporaryDirectory()
        var composer = try FileComposer(path: directory.file("a.moe"))
        composer.compresses = false
        let count = 300
        var parts: [FileComposer.Piece] = []
        for index in 0..<count {
            let tensor = try composer.declare("t\(index)", .u8, [8])
            parts.append(.init(tensor: tensor, bytes: [UInt8](repeating: UInt8(index & 255), count: 8), rowLength: 8))
        }
        try composer.block(.dense, parts)
        try composer.finish()
        let file = try ModelFile(opening: directory.file("a.moe"))
        for index in 0..<count { _ = try file.bytes(of: file.tensor(at: index)) }
        #expect(file.storage.bytesRead < 65_536 + 64 + file.byteCount + 16 * UInt64(Limits.pageBytes))
    }
}
