import CommandSupport
import MoEFormat

/// A histogram as bars on a terminal.
struct HistogramText {
    private let histogram: Histogram
    /// Characters of the longest bar.
    private static let width = 48

    init(_ histogram: Histogram) { self.histogram = histogram }

    var lines: [String] { facts + [""] + bars }

    private var facts: [String] {
        let summary = histogram.summary
        guard summary.finite > 0 else { return ["  no finite values\(notNumbers)"] }
        let figures = [
            ("min", summary.minimum), ("max", summary.maximum), ("mean", summary.mean), ("std", summary.deviation),
            ("norm", summary.norm),
        ]
        return [
            "  " + figures.map { "\($0) \(Figure.text($1))" }.joined(separator: "   "),
            "  zeros \(summary.zeros)\(share(of: summary.zeros))\(notNumbers)",
        ]
    }

    private var notNumbers: String {
        let summary = histogram.summary
        return "   NaN \(summary.nans)   +Inf \(summary.positiveInfinities)   -Inf \(summary.negativeInfinities)"
    }

    private func share(of count: UInt64) -> String {
        count == 0 || histogram.summary.count == 0
            ? "" : " (\(ByteSize.decimal(Double(count) / Double(histogram.summary.count) * 100, 2)) %)"
    }

    private var bars: [String] {
        let edges = histogram.edges
        let most = histogram.counts.max() ?? 0
        guard most > 0 else { return [] }
        var table = TextTable([("from", .right), ("to", .right), ("values", .right), ("", .left)])
        for (index, count) in histogram.counts.enumerated() {
            table.add([
                Figure.text(edges[index]), Figure.text(edges[index + 1]), "\(count)",
                Self.bar(Double(count) / Double(most)),
            ])
        }
        return table.lines.map { "  " + $0 }
    }

    /// A bar in eighths of a character; what is not zero shows at least one.
    private static func bar(_ share: Double) -> String {
        let eighths = share == 0 ? 0 : max(1, Int((share * Double(width * 8)).rounded()))
        let partial = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + partial
    }
}
