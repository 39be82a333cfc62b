package import ArgumentParser
import CommandSupport
import MoEFormat

/// `moe-inspect histogram FILE NAME`: how a tensor's values are distributed.
package struct HistogramCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "histogram", abstract: "Shows how a tensor's values are distributed.",
        discussion: """
            Quantised tensors count as the values that they stand for, codes times scales; --codes shows the codes. Infinities and \
            NaN are counted and belong to no bin. Memory is bounded whatever the tensor's size.
            """)

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Argument(help: "The tensor's name, or an alias.")
    var name: String

    @Option(help: ArgumentHelp("Equal parts of the range, 1 to 1000.", valueName: "N"))
    var bins = 20

    @Option(help: ArgumentHelp("Only that expert's share.", valueName: "N"))
    var expert: Int?

    @Flag(help: "The codes of a quantised tensor, without their scales.")
    var codes = false

    @Flag(help: "Print the result as JSON.")
    var json = false

    package init() {}

    package func validate() throws {
        guard (1...1000).contains(bins) else { throw ValidationError("--bins takes a number from 1 to 1000") }
    }

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            do throws(FormatError) {
                try show()
            } catch {
                throw CommandFailure(error, path: file)
            }
        }
    }

    private func show() throws(FormatError) {
        let model = try ModelFile(opening: file)
        guard let tensor = try model.tensor(named: name) else {
            throw FormatError(.usage, "there is no tensor \(JSONValue.string(name).text)")
        }
        let parts: [Part]? = if let expert { try model.parts(of: tensor, expert: expert) } else { nil }
        let histogram = try Histogram(bins: bins) { () throws(FormatError) in
            try ValueStream(tensor, parts: parts, of: model, as: codes ? .code : .value)
        }
        if json {
            StandardOutput.line(Self.json(of: histogram, tensor: tensor).indentedText)
            return
        }
        StandardOutput.line(
            "\(TerminalText.escaped(tensor.name)): \(tensor.dtype) \(tensor.shape), \(histogram.summary.count) values")
        for line in HistogramText(histogram).lines { StandardOutput.line(line) }
    }

    private static func json(of histogram: Histogram, tensor: Tensor) -> JSONValue {
        let summary = histogram.summary
        var object: JSONObject = [
            "name": .string(tensor.name), "dtype": .string(tensor.dtype.name),
            "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
        ]
        for (key, value) in SummaryJSON.members(of: summary) { object[key] = value }
        object["edges"] = .array(histogram.edges.map(Figure.json))
        object["counts"] = .array(histogram.counts.map { .integer(Int64(clamping: $0)) })
        return .object(object)
    }
}

extension ModelFile {
    /// The parts of a tensor that belong to an expert.
    ///
    /// - Throws: `FormatError`; of kind `usage` when the tensor holds nothing of that expert.
    fileprivate func parts(of tensor: Tensor, expert: Int) throws(FormatError) -> [Part] {
        var found: [Part] = []
        for part in try parts(of: tensor) {
            let record = try block(of: part).record
            if record.kind == BlockKind.expert.rawValue, Int(record.expert) == expert { found.append(part) }
        }
        guard !found.isEmpty else { throw FormatError(.usage, "the tensor holds no expert \(expert)") }
        return found
    }
}
