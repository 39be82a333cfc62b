import Foundation
import MoEFormat
import Testing

/// What breaks several rules is refused by the first in the order of SPEC.md §12.
@Suite struct RuleOrderTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/written/mixtral.moe")

    /// A reserved byte of header or footer is under the envelope's hash: damage there is R05 before it is R07.
    @Test(arguments: [13, 20, 63, -20, -17])
    func damagedReservedBytesBreakTheHashFirst(place: Int) throws {
        var bytes = try Data(contentsOf: Self.golden)
        bytes[place < 0 ? bytes.count + place : place] ^= 0x10
        let directory = try TemporaryDirectory()
        try bytes.write(to: URL(filePath: directory.file("damaged.moe")))
        let error = try #require(throws: FormatError.self) { try ModelFile(opening: directory.file("damaged.moe")) }
        #expect(error.rule == .envelopeHash, "\(error)")
    }
}
