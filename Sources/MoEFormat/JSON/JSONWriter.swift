extension JSONValue {
    /// The value as JSON text on one line, members in their order; the same value gives the same text.
    ///
    /// A number that is not finite, which JSON cannot say, becomes `null`.
    public var text: String {
        var text = ""
        write(to: &text, indent: nil, level: 0)
        return text
    }

    /// The value as JSON text over several lines, indented by two spaces.
    public var indentedText: String {
        var text = ""
        write(to: &text, indent: "  ", level: 0)
        return text
    }

    private func write(to text: inout String, indent: String?, level: Int) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? "\(value)" : "null"
        case .string(let value): Self.write(value, to: &text)
        case .array(let values):
            // Rows of numbers stay on one line: they are read as vectors.
            let isVector = values.allSatisfy { $0.isLeaf }
            Self.write("[", "]", count: values.count, indent: isVector ? nil : indent, level: level, to: &text) {
                index, text in
                values[index].write(to: &text, indent: isVector ? nil : indent, level: level + 1)
            }
        case .object(let object):
            let members = object.members
            Self.write("{", "}", count: members.count, indent: indent, level: level, to: &text) { index, text in
                Self.write(members[index].key, to: &text)
                text += indent == nil ? ":" : ": "
                members[index].value.write(to: &text, indent: indent, level: level + 1)
            }
        }
    }

    private var isLeaf: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    private static func write(
        _ open: String, _ close: String, count: Int, indent: String?, level: Int, to text: inout String,
        element: (Int, inout String) -> Void
    ) {
        text += open
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: indent, count: level + 1) }
            element(index, &text)
        }
        if let indent, count > 0 { text += "\n" + String(repeating: indent, count: level) }
        text += close
    }

    private static func write(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where steers(scalar):
                // Beyond the basic plane JSON writes surrogate pairs.
                for unit in String(Character(scalar)).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    /// Escaped beyond what JSON asks: what could rearrange or hide what a terminal or a page shows, as C1 controls, line separators,
    /// direction marks and characters without width.
    private static func steers(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
