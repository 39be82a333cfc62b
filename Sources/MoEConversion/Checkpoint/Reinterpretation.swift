package import MoEFormat

/// The user's word that tensors of some names hold another dtype than the source says: 2-byte integers that are bf16.
package struct Reinterpretation: Equatable, Sendable {
    /// A name in which `*` stands for anything.
    package let pattern: String
    package let dtype: Dtype

    /// Reads `PATTERN=DTYPE`; nil when it is not of that form or the dtype is unknown.
    package init?(_ text: String) {
        guard let equals = text.lastIndex(of: "="), equals > text.startIndex,
            let dtype = Dtype(name: text[text.index(after: equals)...].uppercased())
        else { return nil }
        pattern = String(text[..<equals])
        self.dtype = dtype
    }

    /// Whether a tensor of that name and dtype is meant: only what has elements of the same size and no number format of
    /// its own can be another.
    func applies(to name: String, _ found: Dtype) -> Bool {
        let isBare: Bool =
            switch found {
            case .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .opaque: true
            default: false
            }
        return isBare && found.byteCount == dtype.byteCount && matches(name)
    }

    /// Whether the pattern matches the whole name; slashes and dots are alike.
    func matches(_ name: String) -> Bool {
        let name = Array(name.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 })
        let pattern = Array(self.pattern.utf8.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: ".") : $0 })
        // Greedy with one point of return: linear in the name for each star.
        var (n, p) = (0, 0)
        var star: (n: Int, p: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                star = (n, p)
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] {
                n += 1
                p += 1
            } else if let (startN, startP) = star {
                star = (startN + 1, startP)
                n = startN + 1
                p = startP + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
