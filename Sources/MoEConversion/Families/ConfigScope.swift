import MoEFormat

/// The members of a configuration that hold for one part of a model: the innermost object first, its wrappers behind it.
struct ConfigScope {
    let objects: [JSONObject]

    /// The first of the keys that has a value other than `null`, the inner objects before the outer ones.
    func find(_ keys: [String]) -> (key: String, value: JSONValue)? {
        for object in objects {
            for key in keys {
                if let value = object[key], value != .null { return (key, value) }
            }
        }
        return nil
    }

    func has(_ key: String) -> Bool { find([key]) != nil }

    private func mismatch(_ key: String, _ expected: String) -> RecognitionError {
        .contradiction("the configuration's \(key) is not \(expected)")
    }

    /// An integer, or in a list of one for each layer the layer's.
    func stated(_ keys: [String], layer: Int = 0) throws(RecognitionError) -> LayerBlueprint.Stated? {
        guard var (key, value) = find(keys) else { return nil }
        if let list = value.array {
            guard list.indices.contains(layer) else {
                throw mismatch(key, "a list with a value for layer \(layer)")
            }
            value = list[layer]
            key += "[\(layer)]"
        }
        guard let integer = value.integer, integer >= 0, integer <= Int(UInt32.max) else {
            throw mismatch(key, "a count")
        }
        return .init(key: key, value: integer)
    }

    func integer(_ key: String, default fallback: Int) throws(RecognitionError) -> Int {
        try stated([key])?.value ?? fallback
    }

    func number(_ keys: String..., default fallback: Double) throws(RecognitionError) -> Double {
        guard let (key, value) = find(keys) else { return fallback }
        guard let number = value.number, number.isFinite else { throw mismatch(key, "a number") }
        return number
    }

    /// A number of a list of one for each layer; nil when there is no list, or `null` or 0 in it.
    func layerLimit(_ key: String, layer: Int) throws(RecognitionError) -> Double? {
        guard let (key, value) = find([key]) else { return nil }
        guard let list = value.array, layer < list.count else {
            throw mismatch(key, "a list with a value for layer \(layer)")
        }
        guard layer >= 0, let limit = list[layer].number, limit != 0, limit.isFinite else { return nil }
        return limit
    }

    func flag(_ keys: String..., default fallback: Bool) throws(RecognitionError) -> Bool {
        guard let (key, value) = find(keys) else { return fallback }
        guard let flag = value.bool else { throw mismatch(key, "true or false") }
        return flag
    }

    func string(_ keys: String...) throws(RecognitionError) -> String? {
        guard let (key, value) = find(keys) else { return nil }
        guard let string = value.word else { throw mismatch(key, "a word") }
        return string
    }
}
