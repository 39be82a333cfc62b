import MoEFormat

/// A value that two models' descriptions, configurations or sources have differently.
struct MetadataDifference {
    /// Where: `model.routers[0].top_k`.
    let path: String
    /// As text; nil where there is none.
    let a: String?
    let b: String?

    /// Differences that are listed one by one; the rest of what is compared then stands in one.
    private static let limit = 10_000
    /// Scalars of a key that a path shows: it stands in the path of everything inside.
    private static let keyLength = 128

    /// The leaves in which two JSON values differ.
    static func between(_ a: JSONValue?, _ b: JSONValue?, at path: String) -> [MetadataDifference] {
        var found: [MetadataDifference] = []
        compare(a, b, at: path, into: &found)
        if found.count > limit {
            found[limit] = MetadataDifference(path: path, a: "more than \(limit) values", b: "as many others")
        }
        return found
    }

    private static func compare(
        _ a: JSONValue?, _ b: JSONValue?, at path: String, into found: inout [MetadataDifference]
    ) {
        switch (a, b) {
        case (.object(let a)?, .object(let b)?):
            for key in a.members.map(\.key) + b.members.map(\.key).filter({ a[$0] == nil }) where found.count <= limit {
                compare(a[key], b[key], at: "\(path).\(key.beginning(keyLength))", into: &found)
            }
        case (.array(let a)?, .array(let b)?):
            for index in 0..<max(a.count, b.count) where found.count <= limit {
                compare(
                    index < a.count ? a[index] : nil, index < b.count ? b[index] : nil, at: "\(path)[\(index)]",
                    into: &found)
            }
        default:
            if let a, let b, isSame(a, b) { return }
            if a != nil || b != nil { found.append(MetadataDifference(path: path, a: a.map(text), b: b.map(text))) }
        }
    }

    /// 1 and 1.0 are one number, and NaN is what it is.
    private static func isSame(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if a == b { return true }
        guard let a = a.number, let b = b.number else { return false }
        return a == b || a.isNaN && b.isNaN
    }

    private static func text(_ value: JSONValue) -> String {
        // JSON has no words for these; configurations write them all the same.
        if case .number(let number) = value, !number.isFinite {
            return number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity"
        }
        return value.text
    }
}
