/// A JSON text's value.
///
/// Integers that fit 64 bits stay integers; every other number is a `Double`.
public enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

/// The members of a JSON object, in the order of the text; keys are unique, compared by their bytes.
public struct JSONObject: Hashable, Sendable {
    private var entries: [Member] = []
    /// Where each key is, once there are so many that looking through them would be slow; nil before.
    private var positions: [ExactName: Int]?
    private static let searchedMembers = 12
    /// Room that the first member makes: growing from one is what objects of a few members would spend their time on.
    private static let usualMembers = 6

    // A structure and no tuple: the runtime destroys arrays of tuples by asking their metadata, member by member.
    private struct Member {
        var name: ExactName
        var value: JSONValue
    }

    public init() {}

    /// The members in their order.
    public var members: [(key: String, value: JSONValue)] { entries.map { ($0.name.text, $0.value) } }

    private func position(of name: ExactName) -> Int? {
        if let positions { return positions[name] }
        for index in entries.indices where entries[index].name == name { return index }
        return nil
    }

    private mutating func locateAll() {
        positions = nil
        guard entries.count > Self.searchedMembers else { return }
        var positions: [ExactName: Int] = [:]
        for (index, entry) in entries.enumerated() { positions[entry.name] = index }
        self.positions = positions
    }

    /// Adds a member behind the others; false, and nothing done, when there is one of that key.
    mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        let name = ExactName(key)
        guard position(of: name) == nil else { return false }
        if entries.isEmpty { entries.reserveCapacity(Self.usualMembers) }
        entries.append(Member(name: name, value: value))
        if positions != nil {
            positions?[name] = entries.count - 1
        } else if entries.count > Self.searchedMembers {
            locateAll()
        }
        return true
    }

    public subscript(key: String) -> JSONValue? {
        get { position(of: ExactName(key)).map { entries[$0].value } }
        set {
            guard let newValue else {
                guard let position = position(of: ExactName(key)) else { return }
                entries.remove(at: position)
                return locateAll()
            }
            if let position = position(of: ExactName(key)) {
                entries[position].value = newValue
            } else {
                _ = append(key, newValue)
            }
        }
    }

    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.entries.count == b.entries.count && a.entries.allSatisfy { b[$0.name.text] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        for key in entries.map(\.name).sorted() {
            hasher.combine(key)
            hasher.combine(self[key.text])
        }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}

extension JSONValue {
    /// The member of an object, or nil.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let object) = self else { return nil }
        return object[key]
    }

    public var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    public var array: [JSONValue]? {
        guard case .array(let array) = self else { return nil }
        return array
    }

    public var string: String? {
        guard case .string(let string) = self else { return nil }
        return string
    }

    /// A string that is short enough to be one of a list of words: nil for longer ones, which no list has, and which text
    /// comparison would take long over, since it goes by Unicode's equivalents.
    package var word: String? {
        guard let string, string.utf8.count <= 256 else { return nil }
        return string
    }

    public var bool: Bool? {
        guard case .bool(let bool) = self else { return nil }
        return bool
    }

    /// The value as an integer; a number without a fraction counts.
    public var integer: Int? {
        switch self {
        case .integer(let value): Int(exactly: value)
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .number(value) }
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
