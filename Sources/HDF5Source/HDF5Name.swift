/// A name out of an HDF5 file: bytes that are almost always, but not always, UTF-8.
package struct HDF5Name: Hashable, Sendable {
    package var bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { self.bytes = Array(text.utf8) }

    /// The name as text, when its bytes are UTF-8.
    package var text: String? { String(validating: bytes, as: UTF8.self) }
}

extension HDF5Name: Comparable {
    /// The order of the bytes, which is also that of the code points.
    package static func < (left: HDF5Name, right: HDF5Name) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension HDF5Name: CustomStringConvertible {
    /// The name fit for a terminal: control, escape and bidirectional characters, and bytes that are not UTF-8, are escaped,
    /// and only the first 512 bytes are shown.
    package var description: String {
        let shown = Self.escaped(bytes.prefix(Self.displayedBytes))
        return bytes.count > Self.displayedBytes ? shown + "…" : shown
    }

    /// All of it, as one line fit for a terminal.
    var line: String { Self.escaped(bytes[...]) }

    private static func escaped(_ bytes: ArraySlice<UInt8>) -> String {
        var shown = ""
        var rest = bytes
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            if let text = String(validating: rest.prefix(length), as: UTF8.self), let scalar = text.unicodeScalars.first
            {
                shown += isPlain(scalar) ? text : "\\u{\(String(scalar.value, radix: 16))}"
                rest = rest.dropFirst(length)
            } else {
                let digits = String(first, radix: 16)
                shown += first < 16 ? "\\x0\(digits)" : "\\x\(digits)"
                rest = rest.dropFirst()
            }
        }
        return shown
    }

    private static let displayedBytes = 512

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        default: true
        }
    }
}
