import MoEFormat
import Testing

/// The one reader of JSON texts from files, and the writer.
@Suite struct JSONTests {
    private func parse(_ text: String, acceptingNonFinite: Bool = false) throws -> JSONValue {
        try JSONParser.parse(Array(text.utf8), acceptingNonFinite: acceptingNonFinite)
    }

    @Test(arguments: [
        #"{"a": 1, "a": 2}"#, #"{"a": 1, "\u0061": 2}"#, #"{"": 1, "": 1}"#,
        "{" + (0..<40).map { "\"k\($0)\": 0," }.joined() + "\"k7\": 1}",
    ])
    func aKeyThatStandsTwiceIsRefused(text: String) {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        #expect(error?.message.contains("twice") == true)
    }

    /// Keys are bytes: Swift takes strings for equal whose characters are only composed differently.
    @Test(arguments: [0, 40]) func keysThatAreOnlyComposedDifferentlyAreTwo(others: Int) throws {
        let more = (0..<others).map { ",\"k\($0)\": 0" }.joined()
        let value = try parse("{\"\u{E9}\": 1, \"e\u{301}\": 2\(more)}")
        #expect(value["\u{E9}"] == 1)
        #expect(value["e\u{301}"] == 2)
        #expect(value.object?.members.count == 2 + others)
    }

    @Test(arguments: [
        ("\"\"", ""), ("\"plain ~\"", "plain ~"), ("\"\\u0041bc\"", "Abc"), ("\"ab\\n\"", "ab\n"), ("\"é\"", "é"),
        ("\"é\\\"\"", "é\""), ("\"\u{7F}\"", "\u{7F}"), ("\"\\ud83d\\ude00!\"", "😀!"),
    ])
    func stringsAreReadWithTheirEscapes(text: String, expected: String) throws {
        #expect(try parse(text).string.map { Array($0.utf8) } == Array(expected.utf8))
    }

    @Test(arguments: [
        [0x22], [0x22, 0x61], [0x22, 0x5C], [0x22, 0x5C, 0x22], [0x22, 0x1F, 0x22], [0x22, 0xC3, 0x22],
        [0x22, 0xFF, 0x22],
        [0x22, 0xC3], [0x22, 0x5C, 0x6E, 0xC3, 0x22], [0x22, 0x0A, 0x22],
        [0x22, 0x5C, 0x75, 0x64, 0x38, 0x33, 0x64, 0x22],
    ])
    func damagedStringsAreRefused(text: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONParser.parse(text) }
    }

    @Test func depthAndNumberOfValuesAreBounded() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(Limits.jsonDepth))
        #expect(throws: JSONError.self) { try parse(nested(Limits.jsonDepth + 1)) }
        #expect(throws: JSONError.self) { try parse(String(repeating: "[", count: 1_000_000)) }
    }

    @Test func whatIsNotFiniteIsReadOnlyWhereAskedFor() throws {
        let text = "[NaN, Infinity, -Infinity]"
        #expect(throws: JSONError.self) { try parse(text) }
        let values = try #require(try parse(text, acceptingNonFinite: true).array)
        #expect(values.compactMap(\.number).map(\.isNaN) == [true, false, false])
        #expect(values[1] == .number(.infinity) && values[2] == .number(-.infinity))
        #expect(throws: JSONError.self) { try parse("[nan]", acceptingNonFinite: true) }
    }

    /// What could steer a terminal or hide in it is written as JSON can say it, and comes back.
    @Test func charactersThatSteerAreEscaped() throws {
        let text = "a\u{1B}[31m\u{7F}\u{9B}\u{202E}\u{200B}\u{2028}\u{FEFF}\u{E0041}\u{1F600}é"
        let written = JSONValue.string(text).text
        #expect(written == #""a\u001b[31m\u007f\u009b\u202e\u200b\u2028\ufeff\udb40\udc41😀é""#)
        #expect(try parse(written) == .string(text))
    }
}
