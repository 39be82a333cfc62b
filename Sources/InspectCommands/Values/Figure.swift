import MoEFormat

/// Numbers as tables show them.
enum Figure {
    /// About four significant digits, the same on every system: `0.01234`, `1.235e-07`, `-inf`.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : value > 0 ? "inf" : "-inf" }
        if value == 0 { return "0" }
        let sign = value < 0 ? "-" : ""
        let magnitude = abs(value)
        var exponent = 0
        var scaled = magnitude
        // Powers of ten are exact up to 10²²; the few digits that are shown do not feel the rest.
        while scaled >= 10 {
            scaled /= 10
            exponent += 1
        }
        while scaled < 1 {
            scaled *= 10
            exponent -= 1
        }
        var digits = Int64((scaled * 1000).rounded())
        if digits == 10_000 {
            digits = 1000
            exponent += 1
        }
        let text = String(digits)
        if exponent >= 15 || exponent < -4 {
            let mantissa = trimmed(text.prefix(1) + "." + text.dropFirst())
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(abs(exponent) < 10 ? "0" : "")\(abs(exponent))"
        }
        if exponent >= 3 { return sign + (magnitude < 1e15 ? "\(Int64(magnitude.rounded()))" : text) }
        if exponent >= 0 {
            return sign + trimmed(text.prefix(exponent + 1) + "." + text.dropFirst(exponent + 1))
        }
        return sign + trimmed("0." + String(repeating: "0", count: -exponent - 1) + text)
    }

    /// JSON has no infinities and no NaN: they become strings, so that nothing is lost.
    static func json(_ value: Double) -> JSONValue {
        value.isFinite ? .number(value) : .string(text(value))
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var text = String(text)
        guard text.contains(".") else { return text }
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
