import MoEFormat

/// A name taken apart into text and the numbers that count something: `layers.`3`.experts.`7`.w1`.
///
/// A number counts when it is a component of the name, or the end of one behind `_`, `-` or `[`: the 1 of `w1` does not.
struct NameTemplate: Hashable {
    /// What stands before, between and behind the numbers: one more than there are numbers.
    private(set) var texts: [ExactName] = []
    /// The numbers in their order.
    private(set) var numbers: [Int] = []
    /// Numbers that count in a name, at most: covers of names are made place by place, and no model nests so deep.
    private static let numberLimit = 16

    init(_ name: String) {
        let bytes = Array(name.utf8)
        var textStart = 0
        var position = 0
        while position < bytes.count, numbers.count < Self.numberLimit {
            guard Self.isDigit(bytes[position]) else {
                position += 1
                continue
            }
            var end = position
            while end < bytes.count, Self.isDigit(bytes[end]) { end += 1 }
            let startsPart = position == 0 || Self.separators.contains(bytes[position - 1])
            let endsPart = end == bytes.count || Self.separators.contains(bytes[end])
            // A number with leading zeros is text: it would not come back as it was.
            let isCanonical = end - position == 1 || bytes[position] != UInt8(ascii: "0")
            if startsPart, endsPart, isCanonical, end - position <= 9 {
                texts.append(ExactName(String(decoding: bytes[textStart..<position], as: UTF8.self)))
                numbers.append(bytes[position..<end].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) })
                textStart = end
            }
            position = end
        }
        texts.append(ExactName(String(decoding: bytes[textStart...], as: UTF8.self)))
    }

    private static let separators = Set("./_-[]:".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
