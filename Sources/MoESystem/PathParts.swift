/// A path cut at its last slash, by bytes: text can join a slash and the accent behind it to one character.
package struct PathParts: Sendable {
    /// Everything up to the last slash and with it; empty for a bare name.
    package let prefix: String
    /// The last component; empty where the path ends in a slash.
    package let name: String

    package init(_ path: String) {
        let bytes = path.utf8
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { bytes.index(after: $0) } ?? bytes.startIndex
        prefix = String(decoding: bytes[..<start], as: UTF8.self)
        name = String(decoding: bytes[start...], as: UTF8.self)
    }

    /// The directory as the system takes it: `.` for a bare name, `/` for what lies at the root.
    package var directory: String {
        if prefix.isEmpty { return "." }
        return prefix.utf8.count == 1 ? prefix : String(decoding: prefix.utf8.dropLast(), as: UTF8.self)
    }
}
