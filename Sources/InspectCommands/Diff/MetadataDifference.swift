import MoEFormat

/// A value that two models' descriptions, configurations or sources have differently.
struct MetadataDifference {
    /// Where: `model.routers[0].top_k`.
    let path: String
    /// As text; nil where there is none.
    let a: String?
    let b: String?

    /// The leaves in which two JSON values differ.
    static func between(_ a: JSONValue?, _ b: JSONValue?, at path: String) -> [MetadataDifference] {
        switch (a, b) {
        case (.object(let a)?, .object(let b)?):
            let keys = a.members.map(\.key) + b.members.map(\.key).filter { a[$0] == nil }
            return keys.flatMap { between(a[$0], b[$0], at: "\(path).\($0)") }
        case (.array(let a)?, .array(let b)?):
            return (0..<max(a.count, b.count)).flatMap { index in
                between(
                    index < a.count ? a[index] : nil, index < b.count ? b[index] : nil, at: "\(path)[\(index)]")
            }
        default:
            if let a, let b, isSame(a, b) { return [] }
            return a == nil && b == nil ? [] : [MetadataDifference(path: path, a: a.map(text), b: b.map(text))]
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
