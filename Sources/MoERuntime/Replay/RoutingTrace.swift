internal import MoEFormat

/// A recorded routing: for each token, in order, the experts that each layer chose.
///
/// One JSON object a line, `{"tok": t, "layers": [[expert ids], …]}`, layers in the order of the file's banks.
public struct RoutingTrace: Sendable {
    /// [token][layer]: the experts of a step, each once, ascending.
    let steps: [[[Int]]]

    public var tokenCount: Int { steps.count }

    /// Reads a trace for a file whose banks have so many experts.
    ///
    /// - Throws: `RuntimeError.file` of kind `damaged`, naming the line.
    public init(_ text: [UInt8], banks: [Int]) throws(RuntimeError) {
        var steps: [[[Int]]] = []
        for (number, line) in text.split(separator: UInt8(ascii: "\n")).enumerated() {
            func damaged(_ message: String) -> RuntimeError {
                .file(FormatError(.damaged, "line \(number + 1) of the trace: \(message)"))
            }
            let value: JSONValue
            do { value = try JSONParser.parse(Array(line)) } catch { throw damaged("\(error)") }
            guard let layers = value["layers"]?.array else { throw damaged("there is no list \"layers\"") }
            guard layers.count == banks.count else {
                throw damaged("it has \(layers.count) layers, the file \(banks.count)")
            }
            var step: [[Int]] = []
            for (layer, chosen) in layers.enumerated() {
                var experts: Set<Int> = []
                for id in chosen.array ?? [] {
                    guard let expert = id.integer, (0..<banks[layer]).contains(expert) else {
                        throw damaged("layer \(layer) uses expert \(id.text), the file has \(banks[layer])")
                    }
                    experts.insert(expert)
                }
                step.append(experts.sorted())
            }
            steps.append(step)
        }
        self.steps = steps
    }
}
