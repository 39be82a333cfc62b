import Testing

@testable import MoEFormat

/// What a file claims is taken for what it is: a claim, of any size and in any order.
@Suite struct HostileRecordTests {
    @Test func sumsOfClaimsStopAtTheGreatestNumber() {
        #expect(UInt64(3).addingClamped(4) == 7)
        #expect(UInt64.max.addingClamped(1) == .max)
        #expect((UInt64.max - 1).addingClamped(1) == .max)
    }

    /// One character may be as long as the file: beginnings are of scalars.
    @Test func beginningsAreShortWhateverTheCharacters() {
        #expect("abc".beginning(3) == "abc" && "abcd".beginning(3) == "abc…")
        let marks = "e" + String(repeating: "\u{301}\u{323}", count: 1000)
        #expect(marks.count == 1 && marks.beginning(64).unicodeScalars.count == 65)
    }

    /// A reason stands with every layer of a file that has the router.
    @Test func reasonsOfRoutersAreCut() throws {
        let text = """
            {"schema": 1, "routers": [{"kind": "unsupported", "reason": "\(String(repeating: "r", count: 500_000))"}]}
            """
        let model = try ModelDescription(parsing: Array(text.utf8), expertCounts: [])
        #expect(model.routers[0].reason?.count == 1025)
    }

    /// Swift compares and hashes text by its equivalents, in time that grows with the square of one character's marks.
    @Test func textOfManyMarksIsReadByItsBytes() throws {
        let (a, b) = ("\u{301}\u{323}", "\u{323}\u{301}")
        let (first, second) = (String(repeating: a, count: 100_000), String(repeating: b, count: 100_000))
        #expect(ExactName(first) != ExactName(second) && Set([ExactName(first), ExactName(second)]).count == 2)
        let object = try JSONParser.parse(Array("{\"\(first)\": 1, \"\(second)\": 2}".utf8))
        #expect(object[first]?.integer == 1 && object[second]?.integer == 2)
        let model = "{\"schema\": 1, \"routers\": [{\"kind\": \"\(first)\"}]}"
        #expect { try ModelDescription(parsing: Array(model.utf8), expertCounts: []) } throws: {
            ($0 as? FormatError)?.rule == .requiredValue
        }
    }

    /// Tensors of many blocks of many parts, asked for in turn, do not make each block be checked for each of them.
    @Test func blocksOfManyPartsAreCheckedOnce() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("parts.moe")
        let (blockCount, partCount) = (9, 128)
        var composer = try FileComposer(path: path)
        composer.compresses = false
        for block in 0..<blockCount {
            var pieces: [FileComposer.Piece] = []
            for part in 0..<partCount {
                let tensor = try composer.declare("t\(block).\(part)", .u8, [1])
                pieces.append(.init(tensor: tensor, bytes: [UInt8(block)], rowLength: 1))
            }
            try composer.block(.dense, pieces)
        }
        try composer.finish(model: ModelDescription(family: ""))
        let file = try ModelFile(opening: path)
        for part in 0..<partCount {
            for block in 0..<blockCount {
                #expect(try file.bytes(of: #require(try file.tensor(named: "t\(block).\(part)"))) == [UInt8(block)])
            }
        }
        for block in 0..<blockCount { #expect(file.recentBlocks.table(of: block) != nil, "block \(block)") }
    }
}
