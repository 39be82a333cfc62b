import Testing

@testable import MoERuntime

@Suite struct FileRangeTests {
    @Test func itBeginsAndEndsAtMultiplesOfTheUnit() {
        let range = FileRange(5000..<9000, unit: 4096, fileSize: 1 << 20)
        #expect((range.offset, range.count, range.lead) == (4096, 8192, 904))
    }

    @Test func itEndsWithTheFile() {
        let range = FileRange(5000..<9000, unit: 4096, fileSize: 9001)
        #expect((range.offset, range.count, range.lead) == (4096, 4905, 904))
    }

    @Test func anyByteWillDoWithoutAUnit() {
        let range = FileRange(5000..<9000, unit: 1, fileSize: 9000)
        #expect((range.offset, range.count, range.lead) == (5000, 4000, 0))
    }

    @Test func nothingIsOnePiece() {
        #expect(FileRange(64..<64, unit: 1, fileSize: 100).pieces(of: 512 << 10, unit: 4096) == [0..<0])
    }

    /// Pieces adjoin, cover the range, begin at multiples of the unit, and none is half as large again as asked.
    @Test(arguments: [1, 4095, 4096, 4097, 700_000, 786_432, 790_001, 4 << 20])
    func piecesCoverTheRange(count: Int) {
        let range = FileRange(0..<UInt64(count), unit: 1, fileSize: .max)
        let pieces = range.pieces(of: 512 << 10, unit: 4096)
        #expect(pieces.first?.lowerBound == 0 && pieces.last?.upperBound == count)
        for (one, next) in zip(pieces, pieces.dropFirst()) {
            #expect(one.upperBound == next.lowerBound && next.lowerBound % 4096 == 0)
        }
        #expect(pieces.allSatisfy { $0.count <= (512 << 10) * 3 / 2 + 4096 })
    }
}
