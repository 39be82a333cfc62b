package import ArgumentParser

/// A budget as the command line writes it: `512MiB`, `25%`, or nothing.
package enum BudgetArgument: ExpressibleByArgument, Sendable {
    case automatic
    case size(ByteSize)
    /// Of all experts' decoded bytes.
    case percent(Double)

    package init?(argument: String) {
        if argument.hasSuffix("%") {
            guard let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else { return nil }
            self = .percent(percent)
        } else if let size = ByteSize(argument) {
            self = .size(size)
        } else {
            return nil
        }
    }

    /// Bytes that are a percentage of a total; the greatest number where a file claims more than can be counted.
    package static func bytes(_ percent: Double, of total: UInt64) -> Int {
        Int(exactly: (Double(total) * percent / 100).rounded(.down)) ?? .max
    }

    package var defaultValueDescription: String { "half of the memory" }
}
