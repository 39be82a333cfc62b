/// A pattern of tensor names, as `--find` takes it.
///
/// - `*` is any text, `?` any one character, and `.` and `/` are the same;
/// - `{0-31}` is a number in that range, `{w1,w3}` one of these texts, and both can be mixed: `{0-3,7,norm}`;
/// - `{layer}`, `{expert}` and `{shared}` are any number, as in the maps of `moe-convert --map`;
/// - a backslash takes the next character as it is.
///
/// A pattern must match the whole name; one without any of these finds the names that contain it.
struct NameGlob: Sendable {
    private enum Piece: Sendable {
        case scalar(Unicode.Scalar)
        case anything
        case anyScalar
        case anyNumber
        case choice([Choice])
    }

    private enum Choice: Sendable {
        case numbers(ClosedRange<Int>)
        case text([Unicode.Scalar])
    }

    private let pieces: [Piece]

    struct Mistake: Error {
        let description: String
    }

    /// - Throws: `Mistake` for braces that do not close or hold nothing.
    init(_ pattern: String) throws(Mistake) {
        var pieces: [Piece] = []
        var isPlain = true
        var rest = Array(pattern.unicodeScalars)[...]
        while let scalar = rest.popFirst() {
            switch scalar {
            case "*": pieces.append(.anything)
            case "?": pieces.append(.anyScalar)
            case "{":
                guard let end = rest.firstIndex(of: "}") else { throw Mistake(description: "has a { without }") }
                pieces.append(try Self.braces(rest[..<end]))
                rest = rest[(end + 1)...]
            case "\\": pieces.append(.scalar(rest.popFirst() ?? "\\"))
            default:
                pieces.append(.scalar(Self.folded(scalar)))
                continue
            }
            if scalar != "\\" { isPlain = false }
        }
        guard !pieces.isEmpty else { throw Mistake(description: "is empty") }
        self.pieces = isPlain ? [.anything] + pieces + [.anything] : pieces
    }

    private static func braces(_ content: ArraySlice<Unicode.Scalar>) throws(Mistake) -> Piece {
        let text = String(String.UnicodeScalarView(content))
        if ["layer", "expert", "shared"].contains(text) { return .anyNumber }
        var choices: [Choice] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard !item.isEmpty else { throw Mistake(description: "has an empty choice in {\(text)}") }
            let ends = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            if ends.count == 2, let low = ends[0], let high = ends[1] {
                guard low <= high else {
                    throw Mistake(description: "has a range that ends before it begins: {\(text)}")
                }
                choices.append(.numbers(low...high))
            } else if let number = Int(item), number >= 0 {
                choices.append(.numbers(number...number))
            } else {
                choices.append(.text(item.unicodeScalars.map(folded)))
            }
        }
        return .choice(choices)
    }

    /// The text as a pattern that matches it alone.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if "*?{\\".unicodeScalars.contains(scalar) { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result
    }

    /// - Complexity: O(pattern · name).
    func matches(_ name: String) -> Bool {
        let text = name.unicodeScalars.map(Self.folded)
        // The places where the pattern read so far may end.
        var places: Set<Int> = [0]
        for piece in pieces {
            var next: Set<Int> = []
            switch piece {
            case .anything:
                if let first = places.min() { next = Set(first...text.count) }
            default: for place in places { next.formUnion(Self.ends(of: piece, at: place, in: text)) }
            }
            guard !next.isEmpty else { return false }
            places = next
        }
        return places.contains(text.count)
    }

    private static func ends(of piece: Piece, at place: Int, in text: [Unicode.Scalar]) -> [Int] {
        switch piece {
        case .anything: return Array(place...text.count)
        case .scalar(let scalar): return place < text.count && text[place] == scalar ? [place + 1] : []
        case .anyScalar: return place < text.count ? [place + 1] : []
        case .anyNumber: return number(at: place, in: text).map { [$0.end] } ?? []
        case .choice(let choices):
            return choices.compactMap { choice in
                switch choice {
                case .numbers(let range):
                    return number(at: place, in: text).flatMap { range.contains($0.value) ? $0.end : nil }
                case .text(let wanted): return text[place...].starts(with: wanted) ? place + wanted.count : nil
                }
            }
        }
    }

    /// All digits from a place on, when a number begins there.
    private static func number(at place: Int, in text: [Unicode.Scalar]) -> (value: Int, end: Int)? {
        let isInsideANumber = place > 0 && ("0"..."9").contains(text[place - 1])
        let digits = text[place...].prefix { ("0"..."9").contains($0) }
        guard !isInsideANumber, !digits.isEmpty, digits.count == 1 || digits.first != "0",
            let value = Int(String(String.UnicodeScalarView(digits)))
        else { return nil }
        return (value, place + digits.count)
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar { scalar == "/" ? "." : scalar }
}
