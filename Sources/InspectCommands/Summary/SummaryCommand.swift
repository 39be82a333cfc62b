package import ArgumentParser
import CommandSupport
import MoEFormat

/// `moe-inspect FILE`: a summary and a row a layer, or everything as JSON.
package struct SummaryCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "summary", abstract: "Shows the model and its layers (the default).")

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Option(help: ArgumentHelp("Show one layer's tensors, by its number or its bank's path.", valueName: "N|PATH"))
    var layer: String?

    @Option(help: ArgumentHelp("With --layer: show that expert's tensors only.", valueName: "N"))
    var expert: Int?

    @Flag(help: "List every tensor.")
    var tensors = false

    @Option(
        help: ArgumentHelp(
            "List the tensors whose whole names match: * any text, ? a character, {0-31} a number, {w1,w3} one of these; without any of them, the names that contain it.",
            valueName: "PATTERN"))
    var find: String?

    @Flag(help: "Show the configuration and what the source recorded.")
    var metadata = false

    @Flag(help: "Print everything as JSON.")
    var json = false

    package init() {}

    package func validate() throws {
        if find != nil, layer != nil || expert != nil || tensors || metadata {
            throw ValidationError("--find goes with --json only")
        }
    }

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            do throws(FormatError) {
                let model = try ModelFile(opening: file)
                try print(model)
            } catch {
                throw CommandFailure(error, path: file)
            }
        }
    }

    private func print(_ model: ModelFile) throws(FormatError) {
        if let find { return try print(matchesOf: find, in: model) }
        guard expert == nil || layer != nil else { throw FormatError(.usage, "--expert goes with --layer") }
        if json {
            StandardOutput.line(try FileDump(model).json(withTensors: tensors).indentedText)
            return
        }
        let report = TextReport(model)
        if let layer {
            try report.showLayer(model.bank(named: layer), expert: expert)
            return
        }
        try report.showSummary()
        if let set = try SetReport(model) {
            set.show()
            let count = set.unusable.count
            if count > 0 {
                StandardError.line("moe-inspect: warning: \(count) files of the set cannot be read from")
            }
        }
        if metadata { try report.showMetadata() }
        if tensors { try report.showTensors() }
    }

    private func print(matchesOf pattern: String, in model: ModelFile) throws(FormatError) {
        let glob: NameGlob
        do throws(NameGlob.Mistake) {
            glob = try NameGlob(pattern)
        } catch {
            throw FormatError(.usage, "the pattern \(JSONValue.string(pattern).text) \(error.description)")
        }
        let found = try FoundTensors(glob, in: model)
        if json {
            StandardOutput.line(try found.json(pattern: pattern).indentedText)
        } else {
            try TextReport(model).show(found)
        }
    }
}
