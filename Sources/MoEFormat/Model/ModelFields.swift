/// The members of one object of the model description, read by key with the rules' checks.
///
/// Errors name the path of the member, as in `routers[2].top_k`; it is put together only for them, since a model of many
/// layers has many members and opening reads them all.
struct ModelFields {
    /// Where an object stands in the description.
    indirect enum Place {
        case named(String)
        case element(of: String, Int)
        case member(of: Place, String)

        var path: String {
            switch self {
            case .named(let name): name
            case .element(let list, let index): "\(list)[\(index)]"
            case .member(let parent, let key): parent.path(of: key)
            }
        }

        func path(of key: String) -> String {
            let path = path
            return path.isEmpty ? key : "\(path).\(key)"
        }
    }

    let object: JSONObject
    private let place: Place

    init(_ value: JSONValue, at place: Place) throws(FormatError) {
        guard let object = value.object else { throw Self.mismatch(place.path, "an object") }
        self.object = object
        self.place = place
    }

    var path: String { place.path }

    private static func mismatch(_ path: String, _ expected: String) -> FormatError {
        .broken(.modelSchema, "model description: \(path) is not \(expected)")
    }

    func path(of key: String) -> String { place.path(of: key) }

    /// The member's value, with JSON's `null` the same as no member.
    private func value(_ key: String) -> JSONValue? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    func has(_ key: String) -> Bool { value(key) != nil }

    /// An integer of any sign; what it counts or names is checked by the rule of that.
    func integer(_ key: String, default fallback: Int? = nil) throws(FormatError) -> Int {
        guard let value = value(key) else {
            guard let fallback else { throw Self.mismatch(path(of: key), "there") }
            return fallback
        }
        guard case .integer(let integer) = value, integer.magnitude < 1 << 53 else {
            throw Self.mismatch(path(of: key), "an integer")
        }
        return Int(integer)
    }

    func number(_ key: String) throws(FormatError) -> Double? {
        guard let value = value(key) else { return nil }
        guard let number = value.number else { throw Self.mismatch(path(of: key), "a number") }
        guard number.isFinite else {
            throw .broken(.constants, "model description: \(path(of: key)) is not finite")
        }
        return number
    }

    func number(_ key: String, default fallback: Double) throws(FormatError) -> Double {
        try number(key) ?? fallback
    }

    func positive(_ key: String) throws(FormatError) -> Double? {
        guard let number = try number(key) else { return nil }
        guard number > 0 else {
            throw .broken(.constants, "model description: \(path(of: key)) is \(number), not positive")
        }
        return number
    }

    func flag(_ key: String, default fallback: Bool = false) throws(FormatError) -> Bool {
        guard let value = value(key) else { return fallback }
        guard let flag = value.bool else { throw Self.mismatch(path(of: key), "true or false") }
        return flag
    }

    func string(_ key: String) throws(FormatError) -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw Self.mismatch(path(of: key), "a string") }
        return string
    }

    /// The string that says why something cannot run: informative, so of a long one its beginning. Every layer shows its
    /// router's, and one text that all layers repeat must not become gigabytes.
    func reason() throws(FormatError) -> String? { try string("reason")?.beginning(1024) }

    /// One of an enumeration's values; throws `UnknownValue` for a string that this version does not know.
    func choice<Choice: RawRepresentable<String>>(_ key: String, default fallback: Choice? = nil)
        throws -> Choice
    {
        guard let name = try string(key) else {
            guard let fallback else { throw Self.mismatch(path(of: key), "there") }
            return fallback
        }
        guard let choice = JSONValue.string(name).word.flatMap({ Choice(rawValue: $0) }) else {
            throw UnknownValue(path: path(of: key), name: name)
        }
        return choice
    }

    func fields(_ key: String) throws(FormatError) -> ModelFields? {
        guard let value = value(key) else { return nil }
        return try ModelFields(value, at: .member(of: place, key))
    }

    func list(_ key: String) throws(FormatError) -> [JSONValue] {
        guard let value = value(key) else { return [] }
        guard let array = value.array else { throw Self.mismatch(path(of: key), "an array") }
        return array
    }

    /// A pair of bounds, either of which may be null.
    func clamp(_ key: String) throws(FormatError) -> Clamp? {
        guard let value = value(key) else { return nil }
        guard let bounds = value.array, bounds.count == 2 else { throw Self.mismatch(path(of: key), "[min, max]") }
        var parsed: [Double?] = []
        for bound in bounds {
            guard bound == .null || bound.number?.isFinite == true else {
                throw Self.mismatch(path(of: key), "[min, max] of finite numbers or null")
            }
            parsed.append(bound.number)
        }
        if let low = parsed[0], let high = parsed[1], low > high {
            throw .broken(.constants, "model description: \(path(of: key)) has its minimum above its maximum")
        }
        return Clamp(minimum: parsed[0], maximum: parsed[1])
    }
}

/// An enumerated field holds a value that this version does not know.
struct UnknownValue: Error {
    let path: String
    let name: String

    var message: String { "\(path) has the unknown value \(JSONValue.string(name.beginning(64)).text)" }
}
