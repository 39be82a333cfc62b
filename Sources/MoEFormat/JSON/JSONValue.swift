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
    public private(set) var members: [(key: String, value: JSONValue)] = []
    /// Where each key is, once there are so many that looking through them would be slow; empty before.
    private var positions: [ExactName: Int] = [:]
    private static let searchedMembers = 12

    public init() {}

    private func position(of key: String) -> Int? {
        if members.count > Self.searchedMembers { return positions[ExactName(key)] }
        return members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
    }

    /// Adds a member behind the others; false, and nothing done, when there is one of that key.
    mutating func append(_ key: String, _ value: JSONValue) -> Bool {
        guard position(of: key) == nil else { return false }
        if members.isEmpty { members.reserveCapacity(8) }
        members.append((key, value))
        if members.count == Self.searchedMembers + 1 {
            for (index, member) in members.enumerated() { positions[ExactName(member.key)] = index }
        } else if members.count > Self.searchedMembers {
            positions[ExactName(key)] = members.count - 1
        }
        return true
    }

    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            guard let newValue else {
                guard let position = position(of: key) else { return }
                members.remove(at: position)
                positions.removeAll()
                guard members.count > Self.searchedMembers else { return }
                for (index, member) in members.enumerated() { positions[ExactName(member.key)] = index }
                return
            }
            if let position = position(of: key) {
                members[position].value = newValue
            } else {
                _ = append(key, newValue)
            }
        }
    }

    public static func == (a: JSONObject, b: JSONObject) -> Bool {
        a.members.count == b.members.count && a.members.allSatisfy { b[$0.key] == $0.value }
    }

    public func hash(into hasher: inout Hasher) {
        for key in members.map({ ExactName($0.key) }).sorted() {
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
