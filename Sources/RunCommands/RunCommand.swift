package import ArgumentParser
import CommandSupport
import Foundation
import MoEFormat
import MoERuntime
import MoESystem

/// `moe-run FILE`: one layer from a shell, or an expert cache along a recorded trace.
package struct RunCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "moe-run",
        abstract: "Runs one MoE layer of a .moe file, paging in only the experts that routing chooses.",
        discussion: """
            The input is a NumPy array [tokens, hidden] of float32 (float16 and float64 are converted): what goes into the MoE \
            block. The output is its output, shared experts included.

            With --replay the expert cache is driven along a recorded routing trace instead, one JSON object a line: \
            {"tok": t, "layers": [[expert ids], …]}, layers in the order of the file.

            Exit codes: 0 done, 64 wrong usage, 65 an input is damaged, 66 it cannot be opened, 69 this build cannot run the \
            layer, 73 the output cannot be created, 74 I/O failed.
            """,
        version: MoEVersion.text)

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Option(help: ArgumentHelp("The layer, by its number or its bank's path.", valueName: "N|PATH"))
    var layer: String?

    @Option(help: ArgumentHelp("The layer's input.", valueName: "x.npy"), completion: .file(extensions: ["npy"]))
    var input: String?

    @Option(
        help: ArgumentHelp("Where to write its output.", valueName: "y.npy"), completion: .file(extensions: ["npy"]))
    var output: String?

    @Option(help: ArgumentHelp("Where to write experts and weights of each token, as JSON.", valueName: "FILE.json"))
    var routing: String?

    @Option(help: ArgumentHelp("One id a token, for layers that are routed by token id.", valueName: "ids.npy"))
    var tokenIds: String?

    @Option(help: ArgumentHelp("Apply the expert capacity that the file describes: on or off.", valueName: "on|off"))
    var capacity = Switch.off

    @Option(help: ArgumentHelp("Sample the noisy gate's noise with this seed.", valueName: "SEED"))
    var noise: UInt64?

    @OptionGroup(title: "Residency")
    var residency: ResidencyArguments

    @Option(
        help: ArgumentHelp("Drive the expert cache along a recorded trace.", valueName: "TRACE.jsonl"),
        completion: .file(extensions: ["jsonl"]))
    var replay: String?

    @Flag(help: "Print statistics as JSON.")
    var stats = false

    @Flag(help: "Accepted for uniformity: this command shows no progress.")
    var quiet = false

    package init() {}

    package enum Switch: String, ExpressibleByArgument, CaseIterable, Sendable {
        case on, off
    }

    package func validate() throws {
        if replay != nil {
            guard layer == nil, input == nil, output == nil else {
                throw ValidationError("--replay goes without --layer, --input and --output")
            }
        } else {
            guard layer != nil, input != nil, output != nil else {
                throw ValidationError("--layer, --input and --output are needed")
            }
            guard output.map({ ExactName($0) }) != routing.map({ ExactName($0) }) else {
                throw ValidationError("--output and --routing name the same file")
            }
            if case .percent = residency.budget {
                throw ValidationError("--budget takes a percentage only with --replay")
            }
        }
    }

    package func run() throws {
        try CommandRunner.run("moe-run") {
            do {
                if let replay {
                    try ReplayRun(file: file, trace: replay, residency: residency).run()
                } else if let layer, let input, let output {
                    try run(layer: layer, input: input, output: output)
                }
            } catch let error as RuntimeError {
                throw CommandFailure(error, path: file)
            }
        }
    }

    private func run(layer name: String, input: String, output: String) throws {
        let start = ContinuousClock.now
        let model = try MoEModel(opening: file, options: residency.options(expertBytes: 0))
        let layer = try model.layer(named: name)
        let x = try ArrayFile.floats(input, columns: layer.hiddenSize)
        var options = ForwardOptions()
        options.appliesCapacity = capacity == .on
        options.noiseSeed = noise
        if let tokenIds { options.tokenIDs = try ArrayFile.integers(tokenIds) }
        let tokens = x.count / max(1, layer.hiddenSize)
        do throws(FormatError) {
            // How long an output is the file's word.
            try FormatError.checkMemory(tokens *? layer.outputSize *? MemoryLayout<Float>.size ?? .max)
        } catch {
            throw RuntimeError.file(error)
        }
        let outputs = try RunOutputs(
            [output, routing].compactMap(\.self), sparing: [file, input] + [tokenIds].compactMap(\.self))
        let result = try layer.forward(x, tokens: tokens, options: options)
        try outputs.commit([
            ArrayFile.encoded(result.output, shape: [tokens, layer.outputSize]),
            Array((Self.json(of: result.routing).text + "\n").utf8),
        ])
        if stats {
            let elapsed = ContinuousClock.now - start
            let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
            StandardOutput.line(
                StatisticsReport(model, layer: layer, routing: result.routing, seconds: seconds).json.indentedText)
        }
    }

    private static func json(of routing: Routing) -> JSONValue {
        [
            "experts": .array(routing.experts.map { .array($0.map { .integer(Int64($0)) }) }),
            "weights": .array(routing.weights.map { .array($0.map { .number(Double("\($0)") ?? Double($0)) }) }),
        ]
    }
}

extension CommandFailure {
    init(_ error: RuntimeError, path: String) {
        switch error {
        case .file(let error) where error.kind == .io && error.cause?.path != path:
            let cause = error.cause
            self.init(cause.map(\.isUnopenable) == true ? .unopenable : .io, error.description)
        case .file(let error): self.init(error, path: path)
        case .budgetTooSmall(let needed, let budget):
            self.init(
                .usage,
                "--budget \(ByteSize.text(UInt64(clamping: budget))) is too small: the experts of one step need at least \(needed) bytes (\(ByteSize.text(UInt64(clamping: needed))))"
            )
        case .cancelled: self.init(.internal, "cancelled")
        }
    }
}
