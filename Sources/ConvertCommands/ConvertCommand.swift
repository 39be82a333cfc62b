package import ArgumentParser
import CommandSupport
import MoEConversion
import MoEFormat
import MoESystem

/// `moe-convert IN OUT`: brings a checkpoint into a `.moe` file, or out of one.
package struct ConvertCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "moe-convert",
        abstract: "Converts a Mixture-of-Experts checkpoint to a .moe file and back, without losing a bit.",
        discussion: """
            Every tensor of the checkpoint is kept. The layout and the routing are recognised from names, shapes and a \
            config.json beside the input. A .moe file gives back the file that it was made from: the output's extension \
            says what is written. The output appears under its name only when it is whole. With --shard-size the model is \
            written as a set of files; the head, or any of its files, stands for the set wherever a .moe file is read.

            Exit codes: 0 done, 64 wrong usage, 65 the input is damaged or contradicts itself, 66 it cannot be opened, \
            73 the output cannot be created or exists without --force, 74 I/O failed, 130 and 143 interrupted.
            """,
        version: MoEVersion.text)

    @Argument(
        help:
            "The checkpoint: an HDF5, safetensors, .keras or .moe file, an index of shards, or a directory that holds one.",
        completion: .file(extensions: ["h5", "hdf5", "safetensors", "json", "keras", "moe"]))
    var input: String

    @Argument(
        help: """
            The file to write; its extension says what kind: .moe, .h5, .hdf5 or .safetensors. Under a name that ends in \
            .safetensors.index.json come the shards that a model was made from, beside their index.
            """,
        completion: .file(extensions: ["moe", "h5", "hdf5", "safetensors", "json"]))
    var output: String

    @OptionGroup(title: "Recognition")
    var recognition: RecognitionArguments

    @OptionGroup(title: "Storage")
    var storage: StorageArguments

    @OptionGroup(title: "Slimming")
    var slimming: SlimmingArguments

    @Flag(help: "Show what would be written, and write nothing.")
    var dryRun = false

    @Flag(help: "Print a machine-readable report.")
    var json = false

    @Flag(help: "Decode the finished file and compare content hashes before it gets its name.")
    var check = false

    @Flag(help: "Replace an existing output.")
    var force = false

    @Flag(help: "No progress.")
    var quiet = false

    package init() {}

    package func validate() throws {
        guard let kind = OutputKind(of: output) else {
            throw ValidationError("the output's name must end in \(OutputKind.extensions); \(output) does not")
        }
        if kind != .model, let option = recognition.firstGiven ?? slimming.firstGiven {
            throw ValidationError("\(option) says what a .moe file is to hold; \(output) is none")
        }
    }

    package func run() throws {
        try CommandRunner.run("moe-convert") {
            do throws(ConversionError) {
                switch OutputKind(of: output) {
                case .model, nil: try convert()
                case .export(let format): try export(to: format)
                }
            } catch {
                throw CommandFailure(error)
            }
        }
    }

    private func convert() throws(ConversionError) {
        var request = Conversion.Request(input: input)
        try recognition.apply(to: &request)
        try storage.apply(to: &request)
        slimming.apply(to: &request)
        // What would fail at the end fails before the work: the output is begun first.
        let destination = dryRun ? nil : try createModel()
        request.scratchDirectory = destination?.directory
        let conversion = try Conversion(request)
        let report = ConversionReport(conversion, input: input, output: output)
        guard let destination else {
            report.showPlan(asJSON: json)
            showWarnings(of: conversion)
            return
        }
        let start = ContinuousClock.now
        let progress = ProgressLine("converting", total: conversion.plan.byteCount, isQuiet: quiet)
        defer { progress.finish() }
        try conversion.write(to: destination) { progress.update($0) }
        if check {
            let checking = ProgressLine("checking", total: conversion.plan.byteCount, isQuiet: quiet)
            defer { checking.finish() }
            try conversion.check(destination) { checking.update($0) }
        }
        do throws(SystemError) { try destination.commit() } catch { throw Self.failure(of: error) }
        progress.finish()
        try report.showResult(asJSON: json, seconds: Self.seconds(since: start))
        showWarnings(of: conversion)
    }

    private func export(to format: Export.Format) throws(ConversionError) {
        var request = Conversion.Request(input: input)
        try recognition.apply(to: &request)
        try storage.apply(to: &request)
        let destination = dryRun ? nil : try create()
        let export = try Export(request, to: format)
        let report = ExportReport(export, input: input, output: output)
        guard let destination else {
            report.showPlan(asJSON: json)
            return
        }
        let start = ContinuousClock.now
        let progress = ProgressLine("exporting", total: export.byteCount, isQuiet: quiet)
        defer { progress.finish() }
        let outcome = try export.write(to: destination) { progress.update($0) }
        if check {
            let checking = ProgressLine("checking", total: export.byteCount, isQuiet: quiet)
            defer { checking.finish() }
            try export.check(destination, after: outcome) { checking.update($0) }
        }
        do throws(SystemError) { try destination.commit() } catch { throw Self.failure(of: error) }
        progress.finish()
        try report.showResult(asJSON: json, seconds: Self.seconds(since: start), outcome)
        for warning in outcome.warnings { StandardError.line("moe-convert: warning: \(warning)") }
    }

    private static func seconds(since start: ContinuousClock.Instant) -> Double {
        let elapsed = (ContinuousClock.now - start).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }

    private func create() throws(ConversionError) -> AtomicOutput {
        try checkIsAnother([output])
        do throws(SystemError) {
            return try AtomicOutput(output, replacing: force)
        } catch { throw Self.failure(of: error) }
    }

    private func createModel() throws(ConversionError) -> ModelOutput {
        // Whatever is called like a member may be replaced by one.
        try checkIsAnother([output] + (slimming.shardSize == nil ? [] : SetName(head: output).existingMembers))
        do throws(SystemError) {
            return try ModelOutput(output, replacing: force, fileLimit: slimming.shardSize.map { UInt64($0.bytes) })
        } catch { throw Self.failure(of: error) }
    }

    /// Refuses to write over what is read.
    private func checkIsAnother(_ outputs: [String]) throws(ConversionError) {
        func identity(_ path: String) -> ReadableFile.Identity? { (try? ReadableFile(opening: path))?.identity }
        var inputs = [input]
        if let set = (try? ModelFile(opening: input))?.set { inputs += (0...set.memberCount).map(set.path(of:)) }
        let taken = Set(outputs.compactMap(identity))
        guard !taken.isEmpty, inputs.contains(where: { identity($0).map(taken.contains) ?? false }) else { return }
        throw .usage("input and output are the same file")
    }

    private static func failure(of error: SystemError) -> ConversionError {
        error.operation.contains("create") && !error.isOutOfSpace
            ? ConversionError(creating: error) : ConversionError(.io, error.description)
    }

    private func showWarnings(of conversion: Conversion) {
        for warning in conversion.warnings { StandardError.line("moe-convert: warning: \(warning)") }
        for suggestion in conversion.recognition?.suggestions ?? [] {
            StandardError.line("moe-convert: suggestion: \(suggestion)")
        }
    }
}

extension CommandFailure {
    init(_ error: ConversionError) {
        let status: ExitStatus =
            switch error.kind {
            case .io: .io
            case .unopenable: .unopenable
            case .damaged, .limit: .damaged
            case .usage: .usage
            case .uncreatable: .uncreatable
            }
        self.init(status, error.description)
    }
}
