import ArgumentParser

/// A number of bytes as people write it: `512`, `160MiB`, `1.5 GiB`, or in decimal units, `50GB`.
package struct ByteSize: Equatable, Sendable {
    package let bytes: Int

    package init(bytes: Int) { self.bytes = bytes }

    private static let units: [(suffix: String, log2: Int)] = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)]
    private static let decimalUnits: [(suffix: String, bytes: Double)] = [
        ("KB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12),
    ]

    package init?(_ text: String) {
        let trimmed = text.filter { $0 != " " }
        let known = Self.units.map { ($0.suffix, Double(1 << $0.log2)) } + Self.decimalUnits
        let unit: (suffix: String, bytes: Double)? = known.first { trimmed.lowercased().hasSuffix($0.0.lowercased()) }
        var digits = Substring(trimmed)
        if let unit {
            digits = digits.dropLast(unit.suffix.count)
        } else if digits.hasSuffix("B") {
            digits = digits.dropLast()
        }
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let value = Double(digits)
        else { return nil }
        let bytes = value * (unit?.bytes ?? 1)
        guard bytes >= 0, bytes < Double(Int.max), bytes == bytes.rounded() || unit != nil else { return nil }
        self.bytes = Int(bytes)
    }

    /// The size in the largest unit that leaves at least 1, with three significant digits: `22.0 MiB`.
    package static func text(_ bytes: UInt64) -> String {
        guard let unit = units.last(where: { bytes >= 1 << UInt64($0.log2) }) else { return "\(bytes) B" }
        let value = Double(bytes) / Double(UInt64(1) << UInt64(unit.log2))
        let decimals = value < 10 ? 2 : value < 100 ? 1 : 0
        return "\(decimal(value, decimals)) \(unit.suffix)"
    }

    /// A number with a fixed count of decimals, independent of any locale.
    package static func decimal(_ value: Double, _ decimals: Int) -> String {
        let scale = decimals == 0 ? 1.0 : decimals == 1 ? 10.0 : decimals == 2 ? 100.0 : 1000.0
        let scaled = (value * scale).rounded()
        guard decimals > 0, scaled.isFinite, abs(scaled) < 1e15 else {
            return scaled.isFinite && abs(scaled) < 1e15 ? "\(Int64(scaled / scale * 1))" : "\(value)"
        }
        let whole = Int64(abs(scaled)) / Int64(scale)
        let rest = String(Int64(abs(scaled)) % Int64(scale))
        return (scaled < 0 ? "-" : "") + "\(whole)." + String(repeating: "0", count: decimals - rest.count) + rest
    }
}

extension ByteSize: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }

    package var defaultValueDescription: String { Self.text(UInt64(clamping: bytes)) }
}
