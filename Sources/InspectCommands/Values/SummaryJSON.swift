import MoEFormat

/// A summary of values for scripts.
enum SummaryJSON {
    static func members(of summary: ValueSummary) -> [(key: String, value: JSONValue)] {
        // Without finite values there is nothing that these could be.
        func figure(_ value: Double) -> JSONValue { summary.finite == 0 ? .null : Figure.json(value) }
        return [
            ("values", count(summary.count)), ("zeros", count(summary.zeros)), ("nan", count(summary.nans)),
            ("positive_infinity", count(summary.positiveInfinities)),
            ("negative_infinity", count(summary.negativeInfinities)), ("min", figure(summary.minimum)),
            ("max", figure(summary.maximum)), ("mean", figure(summary.mean)), ("std", figure(summary.deviation)),
            ("norm", figure(summary.norm)),
        ]
    }

    private static func count(_ value: UInt64) -> JSONValue { .integer(Int64(clamping: value)) }
}
