internal import MoEFormat
internal import MoESystem

/// A recorded routing: for each token, in order, the experts that each layer chose.
///
/// One JSON object a line, `{"tok": t, "layers": [[expert ids], …]}`, layers in the order of the file's banks. A line may also
/// have `"predicted": [[expert ids], …]`: what early routing named for each layer, the most likely first.
public struct RoutingTrace: Sendable {
    /// [token][layer]: the experts of a step, each once, ascending.
    package let steps: [[[Int]]]
    /// [token][layer]: the experts that were expected, in the order given; empty for a token without them.
    let predictions: [[[Int]]]

    /// Whether the trace says what was expected.
    public var hasPredictions: Bool { predictions.contains { !$0.isEmpty } }

    public var tokenCount: Int { steps.count }

    /// Bytes of a trace's file at most.
    private static let fileLimit: UInt64 = 1 << 30

    /// Reads a trace from a file.
    ///
    /// - Throws: `RuntimeError.file`, of kind `io` when it cannot be read.
    package init(opening path: String, banks: [Int]) throws(RuntimeError) {
        let text: [UInt8]
        do throws(SystemError) {
            let file = try ReadableFile(opening: path)
            guard file.size <= Self.fileLimit else { throw SystemError("cannot read", path: path, number: 27) }
            text = try file.bytes(at: 0, count: Int(file.size))
        } catch {
            throw .file(FormatError(.io, error.description, cause: error))
        }
        try self.init(text, banks: banks)
    }

    /// Reads a trace for a file whose banks have so many experts.
    ///
    /// - Throws: `RuntimeError.file` of kind `damaged`, naming the line.
    public init(_ text: [UInt8], banks: [Int]) throws(RuntimeError) {
        var steps: [[[Int]]] = []
        var predictions: [[[Int]]] = []
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            func damaged(_ message: String) -> RuntimeError {
                .file(FormatError(.damaged, "line \(number + 1) of the trace: \(message)"))
            }
            let value: JSONValue
            do { value = try JSONParser.parse(Array(line)) } catch { throw damaged("\(error)") }
            func lists(_ key: String) throws(RuntimeError) -> [[Int]]? {
                guard let layers = value[key]?.array else { return nil }
                guard layers.count == banks.count else {
                    throw damaged("it has \(layers.count) \(key), the file \(banks.count)")
                }
                var lists: [[Int]] = []
                for (layer, chosen) in layers.enumerated() {
                    guard let ids = chosen.array else { throw damaged("layer \(layer) of \(key) is no list") }
                    var experts: [Int] = []
                    var seen: Set<Int> = []
                    for id in ids {
                        guard let expert = id.integer, (0..<banks[layer]).contains(expert) else {
                            throw damaged("layer \(layer) uses expert \(id.text), the file has \(banks[layer])")
                        }
                        if seen.insert(expert).inserted { experts.append(expert) }
                    }
                    lists.append(experts)
                }
                return lists
            }
            guard let layers = try lists("layers") else { throw damaged("there is no list \"layers\"") }
            steps.append(layers.map { $0.sorted() })
            predictions.append(try lists("predicted") ?? [])
        }
        self.predictions = predictions
        self.steps = steps
    }
}
