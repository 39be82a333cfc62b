import CommandSupport
import MoEConversion
import MoEFormat
import MoESystem

/// What an export did or would do, for people and for programs.
struct ExportReport {
    private let export: Export
    private let input: String
    private let output: String

    init(_ export: Export, input: String, output: String) {
        self.export = export
        self.input = input
        self.output = output
    }

    func showPlan(asJSON: Bool) {
        let tensors = export.checkpoint.tensors
        if asJSON {
            var object = self.object
            object["tensors"] = .array(
                tensors.map {
                    [
                        "name": .string($0.name), "dtype": .string($0.dtype.name),
                        "shape": .array($0.shape.map { .integer(Int64($0)) }),
                    ]
                })
            StandardOutput.line(JSONValue.object(object).indentedText)
            return
        }
        StandardOutput.line(
            TerminalText.escaped("\(input): \(tensors.count.counting("tensor")), \(ByteSize.text(export.byteCount))"))
        var table = TextTable([("dtype", .left), ("shape", .left), ("bytes", .right), ("name", .left)])
        for tensor in tensors {
            table.add([
                tensor.dtype.name, "[\(tensor.shape.map(String.init).joined(separator: ", "))]",
                ByteSize.text(tensor.byteCount), tensor.name,
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
    }

    func showResult(asJSON: Bool, seconds: Double, _ outcome: Export.Outcome) throws(ConversionError) {
        let fileBytes: UInt64
        do throws(SystemError) { fileBytes = try ReadableFile(opening: output).size + outcome.otherBytes } catch {
            throw ConversionError(.io, error.description)
        }
        if asJSON {
            var object = self.object
            object["file_bytes"] = .integer(Int64(clamping: fileBytes))
            object["seconds"] = .number(seconds)
            object["warnings"] = .array(outcome.warnings.map { .string($0) })
            StandardOutput.line(JSONValue.object(object).indentedText)
            return
        }
        let speed = seconds > 0 ? UInt64(Double(export.byteCount) / seconds) : 0
        StandardOutput.line(
            TerminalText.escaped(
                "\(output): \(export.checkpoint.tensors.count.counting("tensor")), \(ByteSize.text(export.byteCount)); file \(ByteSize.text(fileBytes)); "
                    + "\(ByteSize.decimal(seconds, 2)) s, \(ByteSize.text(speed))/s"))
    }

    private var object: JSONObject {
        [
            "input": .string(input), "output": .string(output),
            "tensor_count": .integer(Int64(export.checkpoint.tensors.count)),
            "alias_count": .integer(Int64(export.checkpoint.aliases.count)),
            "tensor_bytes": .integer(Int64(clamping: export.byteCount)),
        ]
    }
}
