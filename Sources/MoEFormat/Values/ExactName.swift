/// A name by its bytes, as files compare names.
///
/// Two strings are equal in Swift where Unicode calls them equivalent, as `é` of one scalar and `é` of two are; in a file these
/// are two names, so `String` is no key for what comes from one.
package struct ExactName: Hashable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package init(_ text: Substring) { self.text = String(text) }

    package static func == (a: ExactName, b: ExactName) -> Bool {
        // Names differ in length as a rule, which strings know. Equivalents of one length have the same bytes where they are
        // ASCII, of which UTF-16 takes as many units as UTF-8 takes bytes.
        a.text.utf8.count == b.text.utf8.count && a.text == b.text
            && (a.text.utf16.count == a.text.utf8.count || a.text.utf8.elementsEqual(b.text.utf8))
    }

    // Equal bytes are equivalent text too, so the string's own hash serves.
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension ExactName: Comparable {
    /// The order of the bytes, which is also that of the code points.
    package static func < (a: ExactName, b: ExactName) -> Bool { a.text.utf8.lexicographicallyPrecedes(b.text.utf8) }
}
