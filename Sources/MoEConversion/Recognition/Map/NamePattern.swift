import MoEFormat

/// A pattern of names: literal text, numbers with a meaning, and wildcards inside one component.
struct NamePattern: Sendable {
    enum Placeholder: String, Hashable, Sendable {
        case layer, expert, shared
    }

    /// What the placeholders of a matching name stand for.
    typealias Values = [Placeholder: Int]

    private enum Piece: Hashable, Sendable {
        case text([UInt8])
        case number(Placeholder)
        case anything
    }

    private let components: [[Piece]]
    let placeholders: Set<Placeholder>

    /// - Parameter refuse: makes the error from what is wrong with the pattern.
    init(_ pattern: String, refuse: (String) -> RecognitionError) throws(RecognitionError) {
        var components: [[Piece]] = []
        var placeholders: Set<Placeholder> = []
        let dotted = pattern.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 }
        for component in dotted.split(separator: UInt8(ascii: ".")) {
            var pieces: [Piece] = []
            var rest = component[...]
            while let byte = rest.first {
                if byte == UInt8(ascii: "{") {
                    guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw refuse("has a { without }") }
                    let name = String(decoding: rest[(rest.startIndex + 1)..<end], as: UTF8.self)
                    guard let placeholder = Placeholder(rawValue: name) else {
                        throw refuse("has the unknown placeholder {\(name)}; known are {layer}, {expert}, {shared}")
                    }
                    guard placeholders.insert(placeholder).inserted else { throw refuse("has {\(name)} twice") }
                    pieces.append(.number(placeholder))
                    rest = rest[(end + 1)...]
                } else if byte == UInt8(ascii: "*") {
                    pieces.append(.anything)
                    rest = rest.dropFirst()
                } else {
                    let text = rest.prefix { $0 != UInt8(ascii: "{") && $0 != UInt8(ascii: "*") }
                    pieces.append(.text(Array(text)))
                    rest = rest[text.endIndex...]
                }
            }
            components.append(pieces)
        }
        guard !components.isEmpty else { throw refuse("is empty") }
        self.components = components
        self.placeholders = placeholders
    }

    /// The placeholders' values if the name matches.
    ///
    /// - Complexity: O(length) for each wildcard.
    func match(_ name: TensorName) -> Values? {
        guard name.components.count == components.count else { return nil }
        var values: Values = [:]
        for (pieces, component) in zip(components, name.components) {
            guard Self.match(pieces, Array(component.utf8), &values) else { return nil }
        }
        return values
    }

    /// Wildcards take as little as they can. Where a text or number ends grows with where it begins, so that only the last wildcard
    /// need ever take more.
    private static func match(_ pieces: [Piece], _ text: [UInt8], _ values: inout Values) -> Bool {
        var (piece, position) = (0, 0)
        /// The last wildcard, and how far the text is that it takes.
        var wildcard: (piece: Int, end: Int)?
        while piece < pieces.count || position < text.count {
            if piece < pieces.count, case .anything = pieces[piece] {
                wildcard = (piece, position)
                piece += 1
            } else if piece < pieces.count, let end = end(of: pieces[piece], text[position...], &values) {
                position = end
                piece += 1
            } else {
                guard let last = wildcard, last.end < text.count else { return false }
                wildcard = (last.piece, last.end + 1)
                (piece, position) = (last.piece + 1, last.end + 1)
            }
        }
        return true
    }

    /// Where a text or number ends that begins at the front; nil when there is none.
    private static func end(of piece: Piece, _ text: ArraySlice<UInt8>, _ values: inout Values) -> Int? {
        switch piece {
        case .text(let literal): return text.starts(with: literal) ? text.startIndex + literal.count : nil
        case .number(let placeholder):
            let digits = text.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard let number = decimal(Substring(decoding: digits, as: UTF8.self)) else { return nil }
            values[placeholder] = number
            return digits.endIndex
        case .anything: return nil
        }
    }

    /// A bank's path with its placeholder filled in.
    static func fill(_ template: String, _ values: Values) -> String {
        guard let layer = values[.layer] else { return template }
        return template.replacing("{layer}", with: String(layer)).replacing("/", with: ".")
    }
}
