/// Why a text is not the JSON that was asked for, and where.
public struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Bytes from the start of the text.
    public let offset: Int
    public let message: String

    public var description: String { "\(message) at byte \(offset)" }
}

/// The one reader of JSON texts that come from files: bounded in depth and in the number of values, refusing duplicate keys.
///
/// RFC 8259, with two differences that callers choose: Python's `NaN`, `Infinity` and `-Infinity`, which published
/// configuration files contain, and a limit on nesting.
public struct JSONParser {
    private let bytes: [UInt8]
    private var position = 0
    private var valuesLeft = Limits.jsonValues
    private let maximumDepth: Int
    private let acceptsNonFinite: Bool

    /// Reads one JSON value that is the whole text, surrounding white space aside.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8. The caller bounds its length.
    ///   - maximumDepth: how deep values may nest; the top one counts as 1.
    ///   - acceptingNonFinite: whether Python's `NaN`, `Infinity` and `-Infinity` are numbers.
    /// - Throws: `JSONError`.
    /// - Complexity: O(n).
    public static func parse(
        _ bytes: [UInt8], maximumDepth: Int = Limits.jsonDepth, acceptingNonFinite: Bool = false
    ) throws(JSONError) -> JSONValue {
        var parser = JSONParser(bytes: bytes, maximumDepth: maximumDepth, acceptsNonFinite: acceptingNonFinite)
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == bytes.count else { throw parser.error("text after the value") }
        return value
    }

    private init(bytes: [UInt8], maximumDepth: Int, acceptsNonFinite: Bool) {
        self.bytes = bytes
        self.maximumDepth = maximumDepth
        self.acceptsNonFinite = acceptsNonFinite
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func error(_ message: String) -> JSONError { JSONError(offset: position, message: message) }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: StaticString) -> Bool {
        let text = word.description.utf8
        guard bytes.count - position >= text.count, bytes[position..<position + text.count].elementsEqual(text)
        else { return false }
        position += text.count
        return true
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard let byte = next else { throw error("the text ends where a value must stand") }
        valuesLeft -= 1
        guard valuesLeft >= 0 else { throw error("more than \(Limits.jsonValues) values") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
        case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t") where take("true"): return .bool(true)
        case UInt8(ascii: "f") where take("false"): return .bool(false)
        case UInt8(ascii: "n") where take("null"): return .null
        case UInt8(ascii: "N") where acceptsNonFinite && take("NaN"): return .number(.nan)
        case UInt8(ascii: "I") where acceptsNonFinite && take("Infinity"): return .number(.infinity)
        case UInt8(ascii: "-") where acceptsNonFinite && take("-Infinity"): return .number(-.infinity)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw error("no JSON value begins like this")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
        guard depth <= maximumDepth else { throw error("nested more than \(maximumDepth) deep") }
        position += 1
        var object = JSONObject()
        skipSpace()
        if take(UInt8(ascii: "}")) { return object }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw error("a key must stand here") }
            let start = position
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("a colon must stand here") }
            guard object.append(key, try value(depth: depth)) else {
                throw JSONError(offset: start, message: "the key \(quoted(key)) stands twice")
            }
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error("a comma or } must stand here") }
            return object
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        guard depth <= maximumDepth else { throw error("nested more than \(maximumDepth) deep") }
        position += 1
        var array: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return array }
        while true {
            array.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw error("a comma or ] must stand here") }
            return array
        }
    }

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = take(UInt8(ascii: "-"))
        let firstDigit = next
        let whole = digits()
        guard whole > 0, whole == 1 || firstDigit != UInt8(ascii: "0") else { throw error("malformed number") }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits() > 0 else { throw error("malformed number") }
        }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            isInteger = false
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits() > 0 else { throw error("malformed number") }
        }
        if isInteger, whole <= 18 {
            // No 18 digits exceed 64 bits.
            var magnitude: Int64 = 0
            for index in position - whole..<position {
                magnitude = magnitude * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
            }
            return .integer(position - start > whole ? -magnitude : magnitude)
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let value = Int64(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite || acceptsNonFinite else { throw error("number out of range") }
        return .number(value)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func string() throws(JSONError) -> String {
        let start = position
        position += 1
        if let plain = plainString() { return plain }
        var text: [UInt8] = []
        // Runs without escapes are taken as a whole.
        var run = position
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text + bytes[run..<position - 1], as: UTF8.self) else {
                    throw JSONError(offset: start, message: "the string is not UTF-8")
                }
                return string
            case UInt8(ascii: "\\"):
                text += bytes[run..<position - 1]
                text.append(contentsOf: try escape())
                run = position
            case 0..<0x20: throw error("control character in a string")
            default: break
            }
        }
        throw error("the text ends inside a string")
    }

    /// A string of printable ASCII without escapes, as keys and most values are, with its closing quote; nil, and nothing taken,
    /// for every other.
    private mutating func plainString() -> String? {
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            guard bytes[end] >= 0x20, bytes[end] < 0x80, bytes[end] != UInt8(ascii: "\\") else { return nil }
            end += 1
        }
        guard end < bytes.count else { return nil }
        defer { position = end + 1 }
        return String(decoding: bytes[position..<end], as: UTF8.self)
    }

    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = next else { throw error("the text ends inside a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"):
            var code = UInt32(try hexadecimal())
            if (0xD800..<0xDC00).contains(code) {
                guard take("\\u") else { throw error("half of a surrogate pair") }
                let low = UInt32(try hexadecimal())
                guard (0xDC00..<0xE000).contains(low) else { throw error("half of a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error("half of a surrogate pair") }
            return Array(String(Character(scalar)).utf8)
        default: throw error("unknown escape")
        }
    }

    private mutating func hexadecimal() throws(JSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("four hexadecimal digits must stand here")
            }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    private func quoted(_ key: String) -> String { JSONValue.string(key.beginning(64)).text }
}
