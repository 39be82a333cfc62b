/// A tensor's name as a path of components, whether its source nests groups or writes dots.
struct TensorName {
    /// The components joined by dots.
    let path: String
    /// Slices of `path`.
    let components: [Substring]

    init(_ name: String) {
        var path = name
        // TensorFlow's variable names end in the number of the output.
        if path.hasSuffix(":0") { path.removeLast(2) }
        // transformers wrote the elements of a list so in TensorFlow: `layers_._0`.
        if path.contains("_._") { path = path.replacing("_._", with: "/") }
        if path.utf8.contains(UInt8(ascii: "/")) {
            path = String(decoding: path.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
        }
        self.path = path
        // By bytes: a mark that combines with a dot makes it no other character of the path.
        components = path.utf8.split(separator: UInt8(ascii: ".")).map { Substring($0) }
    }

    /// The dotted path of the first `count` components.
    func prefix(_ count: Int) -> Substring {
        guard count > 0, count <= components.count else { return "" }
        return path[components[0].startIndex..<components[count - 1].endIndex]
    }

    /// The dotted path from component `start` on.
    func suffix(from start: Int) -> Substring {
        guard start < components.count else { return "" }
        return path[components[start].startIndex...]
    }

    /// Whether Keras 3 wrote the name: variables lie in groups called `vars`.
    var isKerasVariable: Bool { components.count >= 2 && components[components.count - 2] == "vars" }
}

/// A name that ends in a number, as Keras numbers siblings of a class (`expert_mlp`, `expert_mlp_1`) and others their lists.
struct NumberedName {
    let stem: Substring
    let number: Int?

    /// Reads `expert_mlp_3`; a name without a number has `number` nil.
    init(_ name: Substring, separator: Character = "_") {
        if let split = name.lastIndex(of: separator), let number = decimal(name[name.index(after: split)...]) {
            stem = name[..<split]
            self.number = number
        } else {
            stem = name
            number = nil
        }
    }
}

/// A non-negative decimal number without sign or leading zeros, small enough to count tensors with.
func decimal(_ text: Substring) -> Int? {
    let digits = text.utf8
    guard (1...9).contains(digits.count), digits.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
        digits.count == 1 || digits.first != UInt8(ascii: "0")
    else { return nil }
    return Int(text)
}

/// Orders names so that numbers inside them count as numbers: `layers.2` before `layers.10`.
func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
    let left = Array(a.utf8)
    let right = Array(b.utf8)
    var i = 0
    var j = 0
    func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
    while i < left.count, j < right.count {
        if isDigit(left[i]), isDigit(right[j]) {
            let starts = (i, j)
            while i < left.count, isDigit(left[i]) { i += 1 }
            while j < right.count, isDigit(right[j]) { j += 1 }
            let x = left[starts.0..<i].drop { $0 == UInt8(ascii: "0") }
            let y = right[starts.1..<j].drop { $0 == UInt8(ascii: "0") }
            if x.count != y.count { return x.count < y.count }
            if !x.elementsEqual(y) { return x.lexicographicallyPrecedes(y) }
        } else {
            if left[i] != right[j] { return left[i] < right[j] }
            i += 1
            j += 1
        }
    }
    if left.count - i != right.count - j { return left.count - i < right.count - j }
    return a < b
}
