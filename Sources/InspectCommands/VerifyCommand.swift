package import ArgumentParser
import CommandSupport
import MoEFormat
import MoESystem

/// `moe-inspect verify FILE`: every hash, every chunk, every rule.
package struct VerifyCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks a whole file: every hash, every chunk decoded, every rule of the format.",
        discussion: "Exit code 1 and one line for each damaged place, with the tensor, the chunk and the offset.")

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @OptionGroup
    var work: WorkArguments

    @Flag(help: "Print the result as JSON.")
    var json = false

    package init() {}

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            let verification: Verification
            do throws(FormatError) {
                let model = try ModelFile(opening: file)
                let total = try FileDump(model).totals().tensorBytes
                let progress = ProgressLine("verifying", total: total, isQuiet: work.quiet)
                defer { progress.finish() }
                verification = try Verification(of: model, workers: work.workers) {
                    progress.update($0)
                }
            } catch {
                throw CommandFailure(error, path: file)
            }
            show(verification)
            if verification.needsLaterVersion { throw ExitStatus.unsupported.code }
            if !verification.isWhole { throw ExitStatus.findings.code }
        }
    }

    private func show(_ verification: Verification) {
        if json {
            let findings = verification.findings.map { finding -> JSONValue in
                [
                    "rule": finding.error.rule.map { .string($0.description) } ?? .null,
                    "file": finding.error.file.map { .string($0) } ?? .null,
                    "offset": finding.error.offset.map { .integer(Int64(clamping: $0)) } ?? .null,
                    "tensor": finding.tensor.map { .string($0) } ?? .null,
                    "chunk": finding.chunk.map { .integer(Int64($0)) } ?? .null,
                    "message": .string(finding.error.message),
                ]
            }
            StandardOutput.line(
                JSONValue.object([
                    "whole": .bool(verification.isWhole), "tensors": .integer(Int64(verification.checkedTensors)),
                    "chunks": .integer(Int64(verification.checkedChunks)),
                    "bytes": .integer(Int64(clamping: verification.checkedBytes)),
                    "findings": .array(findings),
                ]).indentedText)
            return
        }
        for finding in verification.findings {
            let isDamage = finding.error.kind != .unsupported
            StandardOutput.line(TerminalText.escaped("\(isDamage ? "damaged" : "not checked"): \(finding)"))
        }
        if verification.isWhole {
            StandardOutput.line(
                TerminalText.escaped(file)
                    + ": whole (\(verification.checkedTensors.counting("tensor")), \(verification.checkedChunks.counting("chunk")), \(ByteSize.text(verification.checkedBytes)) checked)"
            )
        } else if verification.needsLaterVersion {
            StandardOutput.line(
                "\(TerminalText.escaped(file)): not damaged, but in part only a later version can check it")
        } else {
            let isCut = verification.findings.count >= Verification.maximumFindings
            StandardOutput.line(
                "\(TerminalText.escaped(file)): damaged in \(isCut ? "at least " : "")\(verification.findings.count) places"
            )
        }
    }
}
