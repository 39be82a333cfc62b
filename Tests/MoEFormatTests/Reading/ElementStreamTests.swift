import Foundation
import Testing

@testable import MoEFormat

/// Tensors piece by piece are what they are as a whole.
@Suite struct ElementStreamTests {
    private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/golden")

    private static let files = [
        "rows-longer-than-chunks", "chunks-of-rows", "gaps-between-chunks", "stacked", "stacked-vectors", "plane-modes",
        "dtypes-in-planes", "dtypes-raw", "empty-tensors", "rank-32", "largest-chunk", "set-of-files",
        "layer-with-everything", "packed-rows",
    ]

    private static func collected(_ stream: ElementStream) throws -> (bytes: [UInt8], pieces: Int) {
        var stream = stream
        var bytes: [UInt8] = []
        var pieces = 0
        while let piece = try stream.next() {
            bytes += piece
            pieces += 1
        }
        #expect(bytes.count == Int(stream.byteCount))
        return (bytes, pieces)
    }

    @Test(arguments: files) func piecesMakeTheTensor(name: String) throws {
        let file = try ModelFile(opening: Self.directory.appending(path: name + ".moe").path(percentEncoded: false))
        for index in 0..<file.tensorCount {
            let tensor = try file.tensor(at: index)
            guard tensor.dtype.byteCount != nil else { continue }
            let count = tensor.elementCount
            let (whole, pieces) = try Self.collected(ElementStream(of: tensor, elements: 0..<count, in: file))
            #expect(try whole == file.bytes(of: tensor), "\(tensor.name)")
            // Each chunk comes once.
            #expect(try UInt64(pieces) == file.parts(of: tensor).reduce(0) { $0 + $1.chunking.chunkCount })
            for (start, end) in [
                (0, count / 2), (count / 3, count), (count / 4, count / 4), (count / 5, count * 4 / 5),
            ] {
                let some = try Self.collected(ElementStream(of: tensor, elements: start..<end, in: file)).bytes
                #expect(try some == file.bytes(of: tensor, elements: start..<end), "\(tensor.name) \(start)..<\(end)")
            }
        }
    }

    @Test func elementsThatAreNotThereAreWrongUse() throws {
        let file = try ModelFile(opening: Self.directory.appending(path: "stacked.moe").path(percentEncoded: false))
        let tensor = try file.tensor(at: 0)
        let error = #expect(throws: FormatError.self) {
            try ElementStream(of: tensor, elements: 0..<tensor.elementCount + 1, in: file)
        }
        #expect(error?.kind == .usage)
    }
}
