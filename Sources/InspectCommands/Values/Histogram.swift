import MoEFormat

/// How often values fall into equal parts of their range.
struct Histogram {
    let summary: ValueSummary
    /// The finite values in each bin, in ascending order; empty without finite values.
    let counts: [UInt64]

    /// Reads the values twice: once for their range, once to count.
    ///
    /// - Parameter bins: equal parts of the range from the least to the greatest finite value; the last includes its upper end. When
    ///   all are one value there is one bin.
    /// - Throws: `FormatError` as the streams do.
    init(bins: Int, _ stream: () throws(FormatError) -> ValueStream) throws(FormatError) {
        summary = try ValueSummary(try stream())
        guard summary.finite > 0 else {
            counts = []
            return
        }
        let (low, high) = (summary.minimum, summary.maximum)
        guard low < high else {
            counts = [summary.finite]
            return
        }
        // Halved where the width of the range would be no number, and only there: halves of the least numbers are none either.
        let scale = (high - low).isFinite ? 1 : 0.5
        let width = high * scale - low * scale
        var counts = [UInt64](repeating: 0, count: bins)
        var values = try stream()
        var buffer = [Double](repeating: 0, count: ValueSummary.runLength)
        while case let count = try values.read(into: &buffer), count > 0 {
            for value in buffer[..<count] where value.isFinite {
                let position = (value * scale - low * scale) / width * Double(bins)
                counts[min(bins - 1, max(0, Int(position)))] += 1
            }
        }
        self.counts = counts
    }

    /// The lower ends of the bins, and the upper end of the last.
    var edges: [Double] {
        let (low, high) = (summary.minimum, summary.maximum)
        guard !counts.isEmpty else { return [] }
        return (0...counts.count).map { index in
            let share = Double(index) / Double(counts.count)
            return index == 0 ? low : index == counts.count ? high : low * (1 - share) + high * share
        }
    }
}
