package import ArgumentParser
import CommandSupport
import MoEFormat
import MoESystem

/// `moe-inspect diff A B`: what is different between two models.
package struct DiffCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compares two models: descriptions, names, types, shapes, and values where content hashes differ.",
        discussion: """
            Only tensors whose content hashes differ are decoded; of those come the largest and the mean absolute difference, \
            across types too, quantised ones through their scales. How a file stores its tensors is no difference. Names that \
            differ alike share a line, as in model.layers.{0-31}.mlp.experts.{0-7}.w1.weight, which --find takes.

            Exit code 0 when the models are the same, 1 when they differ or a tensor that both have is damaged.
            """)

    @Argument(help: "A .moe file.", completion: .file(extensions: ["moe"]))
    var a: String

    @Argument(help: "Another.", completion: .file(extensions: ["moe"]))
    var b: String

    @OptionGroup
    var work: WorkArguments

    @Flag(help: "Print the result as JSON, every tensor by itself.")
    var json = false

    package init() {}

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            let difference = try compare()
            if json {
                StandardOutput.line(DifferenceJSON(difference).value.indentedText)
            } else {
                for line in DifferenceText(difference).lines { StandardOutput.line(line) }
            }
            if !difference.isEmpty { throw ExitStatus.findings.code }
        }
    }

    private func compare() throws -> ModelDifference {
        let (first, second) = (try Self.open(a), try Self.open(b))
        let progress = Locked<ProgressLine?>(nil)
        defer { progress.withLock { $0?.finish() } }
        do throws(DiffFailure) {
            return try ModelDifference(first, second, workers: work.workers) { total in
                let line = ProgressLine("comparing", total: total, isQuiet: work.quiet)
                progress.withLock { $0 = line }
                return { line.update($0) }
            }
        } catch {
            throw CommandFailure(error.error, path: error.path)
        }
    }

    private static func open(_ path: String) throws -> ModelFile {
        do throws(FormatError) { return try ModelFile(opening: path) } catch { throw CommandFailure(error, path: path) }
    }
}
