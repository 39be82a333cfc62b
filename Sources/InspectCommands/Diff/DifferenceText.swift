import CommandSupport
import MoEFormat

/// A difference for people: tensors that differ alike on one line, under patterns of their names.
struct DifferenceText {
    private let difference: ModelDifference
    private static let arrow = " → "

    init(_ difference: ModelDifference) { self.difference = difference }

    var lines: [String] {
        let (a, b) = (TerminalText.escaped(difference.a.path), TerminalText.escaped(difference.b.path))
        if difference.isEmpty {
            return [
                "\(a) and \(b) hold the same model: \(difference.common.counting("tensor")), all with equal content hashes"
            ]
        }
        var lines = ["a  \(a)", "b  \(b)"]
        lines += metadata
        lines += missing(difference.onlyInA, from: "only in a")
        lines += missing(difference.onlyInB, from: "only in b")
        lines += tensors
        let (differing, common) = (difference.tensors.count, difference.common)
        lines += [
            "",
            "\(differing) of the \(common.counting("tensor")) that both have \(differing == 1 ? "differs" : "differ")",
        ]
        return lines
    }

    private var metadata: [String] {
        guard !difference.metadata.isEmpty else { return [] }
        // Paths whose values changed alike are one line, as layers[{0-31}].
        var order: [[String?]] = []
        var paths: [[String?]: [String]] = [:]
        for item in difference.metadata {
            let key = [item.a, item.b]
            if paths[key] == nil { order.append(key) }
            paths[key, default: []].append(item.path)
        }
        var lines = ["", "description"]
        for key in order {
            for path in NamePatternCover.patterns(of: paths[key, default: []]) {
                let values = key.map { Self.shortened($0 ?? "absent") }.joined(separator: Self.arrow)
                lines.append(TerminalText.escaped("  \(path): \(values)"))
            }
        }
        return lines
    }

    private func missing(_ tensors: [(name: String, tensor: Tensor)], from title: String) -> [String] {
        guard !tensors.isEmpty else { return [] }
        var order: [[String]] = []
        var names: [[String]: [String]] = [:]
        for (name, tensor) in tensors {
            let key = [tensor.dtype.name, "\(tensor.shape)"]
            if names[key] == nil { order.append(key) }
            names[key, default: []].append(name)
        }
        var table = TextTable([(title, .left), ("dtype", .left), ("shape", .left)])
        for key in order {
            for pattern in NamePatternCover.patterns(of: names[key, default: []]) { table.add([pattern] + key) }
        }
        return [""] + Self.indented(table)
    }

    private var tensors: [String] {
        guard !difference.tensors.isEmpty else { return [] }
        var table = TextTable([
            ("differing", .left), ("tensors", .right), ("dtype", .left), ("shape", .left), ("in", .left),
            ("values", .right), ("max |a−b|", .right), ("mean |a−b|", .right), ("", .left),
        ])
        for group in DifferenceGroup.groups(of: difference.tensors) {
            for (index, pattern) in group.patterns.enumerated() {
                table.add(index == 0 ? [pattern] + cells(of: group) : [pattern] + [String](repeating: "", count: 8))
            }
        }
        return [""] + Self.indented(table)
    }

    private func cells(of group: DifferenceGroup) -> [String] {
        var cells = [
            "\(group.tensors.count)", group.key.dtypes.joined(separator: Self.arrow),
            group.key.shapes.map { "\($0)" }.joined(separator: Self.arrow), group.key.kinds.joined(separator: ", "),
        ]
        guard let values = group.values else { return cells + ["-", "-", "-", group.key.reason ?? ""] }
        let share = values.compared == 0 ? 0 : Double(values.differing) / Double(values.compared) * 100
        cells += [
            values.differing > 0 && share < 0.05 ? "\(values.differing)" : ByteSize.decimal(share, 1) + " %",
            Figure.text(values.maximum), Figure.text(values.mean),
            values.notFinite == 0 ? "" : "\(values.notFinite) against NaN or ∞",
        ]
        return cells
    }

    private static func indented(_ table: TextTable) -> [String] {
        table.lines.enumerated().map { index, line in
            let trimmed = String(line.reversed().drop { $0 == " " }.reversed())
            return index == 0 ? trimmed : "  " + trimmed
        }
    }

    /// Long values, as whole objects can be, up to their first characters.
    private static func shortened(_ text: String) -> String { text.beginning(79) }
}
