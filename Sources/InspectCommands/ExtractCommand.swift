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
            var values = try reading { () throws(FormatError) in
                try ExtractedValues(of: name, rows: rows?.range, expert: expert, in: ModelFile(opening: file))
            }
            guard output != "-" else {
                return try copy(&values) { (bytes) throws(SystemError) in StandardOutput.bytes(bytes) }
            }
            let destination = try writing { () throws(SystemError) in try AtomicOutput(output, replacing: force) }
            try copy(&values) { (bytes) throws(SystemError) in try destination.write(bytes) }
            try writing { () throws(SystemError) in try destination.commit() }
        }
    }

    /// Writes the whole array, piece by piece: a tensor may be larger than memory.
    private func copy(
        _ values: inout ExtractedValues, to write: ([UInt8]) throws(SystemError) -> Void
    ) throws(CommandFailure) {
        // Of a tensor whose beginning is damaged nothing is written, not even the header.
        var piece = try reading { () throws(FormatError) in try values.next() }
        try writing { () throws(SystemError) in try write(values.header) }
        while let bytes = piece {
            try writing { () throws(SystemError) in try write(bytes) }
            // Nobody reads what a closed pipe does not take.
            if StandardOutput.failure != nil { return }
            piece = try reading { () throws(FormatError) in try values.next() }
        }
    }

    private func reading<Result>(_ body: () throws(FormatError) -> Result) throws(CommandFailure) -> Result {
        do { return try body() } catch { throw CommandFailure(error, path: file) }
    }

    private func writing<Result>(_ body: () throws(SystemError) -> Result) throws(CommandFailure) -> Result {
        do { return try body() } catch { throw CommandFailure(writing: error) }
    }
}

/// A tensor, or some of it, as the content of a NumPy file.
private struct ExtractedValues {
    let header: [UInt8]
    private var stream: ElementStream

    /// - Throws: `FormatError`; of kind `usage` when there is no such tensor, or nothing of it that is asked for.
    init(of name: String, rows: Range<Int>?, expert: Int?, in model: ModelFile) throws(FormatError) {
        guard let tensor = try model.tensor(named: name) else {
            throw FormatError(.usage, "there is no tensor \(JSONValue.string(name).text)")
        }
        var shape = tensor.shape
        let elements: Range<UInt64>
        if let rows {
            elements = try model.elements(ofRows: rows, in: tensor)
            // Rows run along all dimensions but the last; the rows of a vector are its elements.
            shape = tensor.shape.count <= 1 ? [rows.count] : [rows.count, tensor.rowLength]
        } else if let expert {
            elements = try model.elements(ofExpert: expert, in: tensor)
            shape = Self.shape(ofExpert: elements, in: tensor)
        } else {
            elements = 0..<tensor.elementCount
        }
        stream = try ElementStream(of: tensor, elements: elements, in: model)
        header = NumPyHeader.bytes(dtype: tensor.dtype, shape: shape)
    }

    /// The next bytes; nil at the end.
    mutating func next() throws(FormatError) -> [UInt8]? { try stream.next() }

    /// The shape of one expert's share of a tensor.
    private static func shape(ofExpert elements: Range<UInt64>, in tensor: Tensor) -> [Int] {
        guard let first = tensor.shape.first, first > 0 else { return tensor.shape }
        // Of a tensor without elements the other dimensions may have any size.
        let product = tensor.shape.dropFirst().reduce(Int?(1)) { $0 *? $1 }
        guard let rest = product, rest > 0 else { return tensor.shape }
        let leading = elements.count / rest
        // A slice of a stack loses the stack's dimension; a run of rows of a flattened tensor keeps its rank.
        return leading == 1 && tensor.shape.count > 1
            ? Array(tensor.shape.dropFirst()) : [leading] + tensor.shape.dropFirst()
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
