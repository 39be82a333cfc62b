import MoEFormat
import Testing

@testable import CommandSupport

/// What commands print about a file stays as short as it must be, whatever the file says.
@Suite struct HostileTextTests {
    /// One long name does not fill every other row up to its length.
    @Test func aLongCellDoesNotWidenItsColumnWithoutEnd() {
        var table = TextTable([("name", .left), ("bytes", .right)])
        table.add([String(repeating: "n", count: 20_000), "1"])
        for index in 0..<100 { table.add(["t\(index)", "22"]) }
        let lines = Array(table.lines)
        #expect(lines.count == 102)
        #expect(lines[1] == String(repeating: "n", count: 20_000) + "      1")
        #expect(lines.dropFirst(2).allSatisfy { $0.count == 160 + 2 + 5 })
    }

    @Test(arguments: [(.max, 1), (.max, .max), (1, 0), (0, .max)] as [(UInt64, UInt64)])
    func progressOfAnySizeIsTold(done: UInt64, total: UInt64) {
        for elapsed in [Duration.zero, .milliseconds(101), .seconds(1_000_000)] {
            let text = ProgressLine.text("decoding", done, of: total, elapsed: elapsed)
            #expect(text.hasPrefix("decoding "), "\(text)")
        }
        #expect(ProgressLine.text("x", 50, of: 200, elapsed: .seconds(1)) == "x 25%  50 B of 200 B  50 B/s  3 s left")
    }

    @Test func percentagesOfAnyTotalAreBytes() {
        #expect(BudgetArgument.bytes(25, of: 1000) == 250)
        #expect(BudgetArgument.bytes(100, of: .max) == .max)
        #expect(BudgetArgument.bytes(100, of: 1 << 63) == .max)
    }
}
