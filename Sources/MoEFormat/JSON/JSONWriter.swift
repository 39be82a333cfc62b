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
            // Escaped beyond what JSON asks: C1 controls, line separators and direction marks, which could rearrange
            // what a terminal or a page shows.
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                || [0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0xFEFF].contains(scalar.value)
                || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
