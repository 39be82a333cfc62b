import Foundation
import MoESystem
import Testing

@testable import MoEFormat

/// How a model is cut into the files of a set.
@Suite struct SetWritingTests {
    /// Writes blocks of these lengths, at most `limit` bytes a file, and opens the model.
    private func write(_ lengths: [Int], limit: UInt64?, in directory: TemporaryDirectory) throws -> ModelFile {
        let path = directory.file("m.moe")
        let output = try ModelOutput(path, replacing: true, fileLimit: limit)
        var composer = try FileComposer(writer: ModelFileWriter(output))
        composer.compresses = false
        for (index, length) in lengths.enumerated() {
            let tensor = try composer.declare("t\(index)", .u8, [length])
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + index) }
            try composer.block(.dense, [.init(tensor: tensor, bytes: bytes, rowLength: UInt64(length))])
        }
        try composer.writer.finish(model: ModelDescription(family: "test"), config: nil, source: nil)
        try output.commit()
        let file = try ModelFile(opening: path)
        let verification = try Verification(of: file, workers: Workers(1))
        #expect(verification.isWhole, "\(verification.findings)")
        for (index, length) in lengths.enumerated() {
            let bytes = try file.bytes(of: #require(try file.tensor(named: "t\(index)")))
            #expect(bytes == (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + index) })
        }
        return file
    }

    private func blocks(of file: ModelFile) throws -> [[Int]] {
        var blocks = [[Int]](repeating: [], count: (file.set?.memberCount ?? 0) + 1)
        for index in 0..<file.blockCount { blocks[Int(try file.block(at: index).record.file)].append(index) }
        return blocks
    }

    /// Every member is as full as it may be, and none is fuller.
    @Test func membersAreAsFullAsTheyMayBe() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<15 {
            let directory = try TemporaryDirectory()
            let lengths = (0..<Int.random(in: 2...20, using: &generator)).map { _ in
                Int.random(in: 1...30000, using: &generator)
            }
            let limit = UInt64.random(in: 1...60000, using: &generator)
            let file = try write(lengths, limit: limit, in: directory)
            guard let set = file.set else {
                #expect(file.byteCount <= limit, "seed \(seed)")
                continue
            }
            let blocks = try blocks(of: file)
            #expect(blocks[0].isEmpty && blocks.flatMap(\.self) == Array(lengths.indices), "seed \(seed)")
            for number in 1...set.memberCount {
                let bytes = try set.byteCount(of: number)
                #expect(try ReadableFile(opening: set.path(of: number)).size == bytes)
                #expect(bytes <= limit || blocks[number].count == 1, "seed \(seed): \(bytes) of \(limit)")
                guard number < set.memberCount else { continue }
                // The block behind it would not have fitted.
                let next = try file.block(at: blocks[number + 1][0]).record
                let last = try file.block(at: #require(blocks[number].last)).record
                let alignment = UInt64(1) << UInt64(next.alignmentLog2)
                let start = try #require((last.offset + last.length).roundedUp(toMultipleOf: alignment))
                let end = bytes - (try set.record(of: number).directoryOffset)
                #expect((start + next.length).aligned + end > limit, "seed \(seed)")
            }
        }
    }

    @Test func whatFitsOneFileIsNoSet() throws {
        let directory = try TemporaryDirectory()
        let lengths = [1000, 20000, 3]
        let plain = try write(lengths, limit: nil, in: directory)
        let bytes = try Data(contentsOf: URL(filePath: plain.path))
        let exact = try write(lengths, limit: plain.byteCount, in: directory)
        #expect(exact.set == nil)
        #expect(try Data(contentsOf: URL(filePath: plain.path)) == bytes)
        // A byte less: the blocks fit one member, the directory does not fit with them.
        let set = try write(lengths, limit: plain.byteCount - 1, in: directory)
        #expect(set.set?.memberCount == 1)
    }

    @Test func aBlockThatIsTooLongHasAFileOfItsOwn() throws {
        let directory = try TemporaryDirectory()
        let file = try write([100, 50000, 200, 300, 60000], limit: 8000, in: directory)
        #expect(try blocks(of: file) == [[], [0], [1], [2, 3], [4]])
        let each = try write([100, 50000, 200, 300, 60000], limit: 1, in: directory)
        #expect(try blocks(of: each) == [[], [0], [1], [2], [3], [4]])
        // Of the set before only what this one has is left.
        #expect(directory.names.count == 6)
    }

    /// Far more members than are kept open at once.
    @Test func aSetMayHaveManyMembers() throws {
        let directory = try TemporaryDirectory()
        let file = try write([Int](repeating: 10, count: 150), limit: 1, in: directory)
        #expect(file.set?.memberCount == 150)
        try file.set?.checkMembers()
        #expect(file.set?.openMembers == 64)
    }

    @Test func aModelWithoutBlocksIsOneFile() throws {
        let directory = try TemporaryDirectory()
        #expect(try write([], limit: 1, in: directory).set == nil)
    }

    /// What is abandoned leaves nothing, members included.
    @Test func whatIsNotCommittedIsNotThere() throws {
        let directory = try TemporaryDirectory()
        do {
            let output = try ModelOutput(directory.file("m.moe"), replacing: false, fileLimit: 1)
            try Self.writeThreeBlocks(to: output)
            #expect(try output.reopened().set?.memberCount == 3)
        }
        #expect(directory.names.isEmpty)
    }

    /// The head cannot get its name: the members that have theirs go again.
    @Test func aHeadThatCannotBeNamedTakesItsMembersWithIt() throws {
        let directory = try TemporaryDirectory()
        let output = try ModelOutput(directory.file("m.moe"), replacing: false, fileLimit: 1)
        try Self.writeThreeBlocks(to: output)
        try Data("mine".utf8).write(to: URL(filePath: directory.file("m.moe")))
        let error = #expect(throws: SystemError.self) { try output.commit() }
        #expect(error?.number == SystemError.alreadyExists)
        #expect(directory.names == ["m.moe"])
    }

    private static func writeThreeBlocks(to output: ModelOutput) throws {
        var composer = try FileComposer(writer: ModelFileWriter(output))
        for index in 0..<3 {
            let tensor = try composer.declare("t\(index)", .u8, [5])
            try composer.block(.dense, [.init(tensor: tensor, bytes: [1, 2, 3, 4, 5], rowLength: 5)])
        }
        try composer.writer.finish(model: ModelDescription(family: "test"), config: nil, source: nil)
    }
}
