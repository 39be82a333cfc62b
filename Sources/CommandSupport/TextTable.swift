/// Rows of cells in aligned columns.
package struct TextTable {
    package enum Side: Sendable {
        case left, right
    }

    private let sides: [Side]
    private var rows: [[String]]

    package init(_ header: [(title: String, side: Side)]) {
        sides = header.map(\.side)
        rows = [header.map(\.title)]
    }

    package mutating func add(_ row: [String]) { rows.append(row.map(TerminalText.escaped)) }

    /// The table's lines, the header first; columns are two spaces apart.
    package var lines: [String] {
        let widths = sides.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                let isLast = column == row.count - 1
                line += sides[column] == .right ? padding + cell : cell + (isLast ? "" : padding)
                if !isLast { line += "  " }
            }
            return line
        }
    }
}
