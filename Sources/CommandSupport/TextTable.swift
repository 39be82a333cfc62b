/// Rows of cells in aligned columns.
package struct TextTable {
    package enum Side: Sendable {
        case left, right
    }

    /// Characters that a cell may widen its column to: names from a file may be long, and every row would be filled up to them.
    private static let widest = 160

    private let sides: [Side]
    private var rows: [[String]]

    package init(_ header: [(title: String, side: Side)]) {
        sides = header.map(\.side)
        rows = [header.map(\.title)]
    }

    /// Rows so far, the header not counted.
    package var count: Int { rows.count - 1 }

    package mutating func add(_ row: [String]) { rows.append(row.map(TerminalText.escaped)) }

    /// The table's lines, the header first; columns are two spaces apart.
    ///
    /// Each is put together when it is asked for. A cell too long for its column stands out of it.
    package var lines: some Sequence<String> {
        let widths = sides.indices.map { column in rows.map { min($0[column].count, Self.widest) }.max() ?? 0 }
        return rows.lazy.map { [sides] row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: max(0, widths[column] - cell.count))
                let isLast = column == row.count - 1
                line += sides[column] == .right ? padding + cell : cell + (isLast ? "" : padding)
                if !isLast { line += "  " }
            }
            return line
        }
    }
}
