package import ArgumentParser
import CommandSupport
import MoEFormat
import MoESystem

/// `moe-inspect extract FILE NAME`: a tensor's values as a NumPy file.
package struct ExtractCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "extract", abstract: "Writes a tensor's values as a NumPy .npy file.",
        discussion: "Little-endian, C order. BF16 comes as u2, FP8 as u1, opaque elements as V<n>; nothing is rounded.")

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Argument(help: "The tensor's name, or an alias.")
    var name: String

    @Option(help: ArgumentHelp("Only the rows from A to before B.", valueName: "A:B"))
    var rows: RowRange?

    @Option(help: ArgumentHelp("Only that expert's share.", valueName: "N"))
    var expert: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; - is standard output.", valueName: "OUT.npy|-"))
    var output: String

    @Flag(help: "Replace an existing output.")
    var force = false

    package init() {}

    package func validate() throws {
        if rows != nil, expert != nil { throw ValidationError("--rows and --expert do not go together") }
    }

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            let array: (header: [UInt8], bytes: [UInt8])
            do throws(FormatError) {
                array = try extract()
            } catch {
                throw CommandFailure(error, path: file)
            }
            if output == "-" {
                StandardOutput.bytes(array.header)
                StandardOutput.bytes(array.bytes)
                return
            }
            do throws(SystemError) {
                let destination = try AtomicOutput(output, replacing: force)
                try destination.write(array.header)
                try destination.write(array.bytes)
                try destination.commit()
            } catch {
                throw CommandFailure(writing: error)
            }
        }
    }

    private func extract() throws(FormatError) -> (header: [UInt8], bytes: [UInt8]) {
        let model = try ModelFile(opening: file)
        guard let tensor = try model.tensor(named: name) else {
            throw FormatError(.usage, "there is no tensor \(JSONValue.string(name).text)")
        }
        var shape = tensor.shape
        let bytes: [UInt8]
        if let rows {
            bytes = try model.bytes(of: tensor, rows: rows.range)
            // Rows run along all dimensions but the last; the rows of a vector are its elements.
            shape = tensor.shape.count <= 1 ? [rows.range.count] : [rows.range.count, tensor.rowLength]
        } else if let expert {
            bytes = try model.bytes(of: tensor, expert: expert)
            shape = ExtractedShape.ofExpert(tensor, byteCount: bytes.count)
        } else {
            bytes = try model.bytes(of: tensor)
        }
        return (NumPyHeader.bytes(dtype: tensor.dtype, shape: shape), bytes)
    }
}

/// A range of rows as the command line writes it: `0:16`.
package struct RowRange: ExpressibleByArgument, Sendable {
    let range: Range<Int>

    package init?(argument: String) {
        let ends = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Int(ends[0]), let end = Int(ends[1]), start >= 0, start <= end else {
            return nil
        }
        range = start..<end
    }
}

/// The shape of one expert's share of a tensor.
private enum ExtractedShape {
    static func ofExpert(_ tensor: Tensor, byteCount: Int) -> [Int] {
        guard let width = tensor.dtype.byteCount, width > 0, let first = tensor.shape.first, first > 0 else {
            return tensor.shape
        }
        // Of a tensor without elements the other dimensions may have any size.
        let product = tensor.shape.dropFirst().reduce(Int?(1)) { $0 *? $1 }
        guard let rest = product, rest > 0 else { return tensor.shape }
        let leading = byteCount / width / rest
        // A slice of a stack loses the stack's dimension; a run of rows of a flattened tensor keeps its rank.
        return leading == 1 && tensor.shape.count > 1
            ? Array(tensor.shape.dropFirst()) : [leading] + tensor.shape.dropFirst()
    }
}
