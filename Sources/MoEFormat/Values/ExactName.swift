/// A name by its bytes, as files compare names.
///
/// Two strings are equal in Swift where Unicode calls them equivalent, as `é` of one scalar and `é` of two are; in a file these
/// are two names, so `String` is no key for what comes from one.
package struct ExactName: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(_ text: Substring) { self.text = String(text) }

    // Bytes and nothing else: text is compared and hashed by its equivalents otherwise, which takes time that grows with the
    // square of the marks that one character has, and a stranger's file may have millions.
    package static func == (a: ExactName, b: ExactName) -> Bool {
        // Names differ in length as a rule, which strings know.
        guard a.text.utf8.count == b.text.utf8.count else { return false }
        // Short text is compared as such, which is quicker; equivalents of one length have the same bytes where they are ASCII,
        // of which UTF-16 takes as many units as UTF-8 takes bytes.
        if a.text.utf8.count <= shortText {
            guard a.text == b.text else { return false }
            if a.text.utf16.count == a.text.utf8.count { return true }
        }
        return a.text.utf8.elementsEqual(b.text.utf8)
    }

    private static let shortText = 64

    package func hash(into hasher: inout Hasher) {
        // The bytes are the text's own, for the length of the call; text of another storage gives them one by one.
        let isHashed: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
    }
}

extension ExactName: Comparable {
    /// The order of the bytes, which is also that of the code points.
    package static func < (a: ExactName, b: ExactName) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
}
