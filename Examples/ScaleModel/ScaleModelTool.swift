import ArgumentParser
import CommandSupport
import Foundation
import MoEFormat

/// Writes a model of the shape that is told of GPT-4, or of any other, and checks what `moe-run` made of it.
@main
struct ScaleModelTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ScaleModel",
        abstract: "Writes DIRECTORY/model.moe and an input for one layer, or checks the layer's output.",
        discussion: """
            The model has 120 layers of 16 experts, two a token: 1.8 T parameters, 3.7 TB of bfloat16. Routers have random \
            weights; experts are made of bands of equal rows, which the format stores in nearly nothing.
            """)

    @Argument(help: "Where the model, the input x.npy, and moe-run's y.npy and routing.json lie.")
    var directory: String
    @Flag(help: "Compare y.npy and routing.json with the layer's formulas in double precision.")
    var check = false
    @Option var layers = 120
    @Option var experts = 16
    @Option var topK = 2
    @Option var hidden = 10752
    @Option var width = 43008
    @Option var vocabulary = 100_256
    @Option(help: "The layer that the input is for.") var layer = 60
    @Option var tokens = 2

    private var model: ScaleModel {
        ScaleModel(
            shape: ModelShape(
                layers: layers, experts: experts, topK: topK, hidden: hidden, width: width, vocabulary: vocabulary))
    }

    func validate() throws {
        guard [layers, experts, hidden, width, vocabulary, tokens].allSatisfy({ $0 > 0 }), (1...experts).contains(topK),
            (0..<layers).contains(layer)
        else { throw ValidationError("sizes are positive, --top-k at most --experts, --layer below --layers") }
    }

    func run() throws {
        try check ? compare() : write()
    }

    private func write() throws {
        try model.write(to: directory + "/model.moe")
        var random = SeededNormal(seed: 1 << 32)
        let input = (0..<tokens * hidden).map { _ in random.next() }
        let header = NumPyHeader.bytes(dtype: .f32, shape: [tokens, hidden])
        let elements = input.map(\.bitPattern.littleEndian).withUnsafeBytes { Data($0) }
        try (Data(header) + elements).write(to: URL(filePath: directory + "/x.npy"))
        print("model.moe: \(model.shape.parameters) parameters declared")
    }

    private func compare() throws {
        let reference = LayerReference(model, layer: layer, input: try floats("x.npy"))
        let routing = try JSONParser.parse(Array(try data("routing.json")))
        let experts = routing["experts"]?.array?.map { ($0.array ?? []).compactMap(\.integer) }
        guard experts == reference.experts else { throw ScaleModelFailure("the experts are not \(reference.experts)") }
        let weights = (routing["weights"]?.array ?? []).flatMap { $0.array ?? [] }.compactMap(\.number)
        let output = try floats("y.npy").map(Double.init)
        let off = (
            weight: Self.distance(weights, reference.weights.flatMap(\.self)),
            output: Self.distance(output, reference.output) / (reference.output.map(abs).max() ?? 1)
        )
        guard off.weight <= 1e-5, off.output <= 2e-5 else {
            throw ScaleModelFailure("weights are off by \(off.weight), outputs by \(off.output) of the largest")
        }
        print("layer \(layer): experts \(reference.experts) as they should be")
        print("weights within \(off.weight), outputs within \(off.output) of the largest")
    }

    private static func distance(_ a: [Double], _ b: [Double]) -> Double {
        guard a.count == b.count else { return .infinity }
        // A difference that is no number is no small one.
        return zip(a, b).reduce(0) { $1.0.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
    }

    private func data(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: directory + "/" + name)) }

    private func floats(_ name: String) throws -> [Float] {
        guard let floats = try NumPyArray(Array(data(name))).floats else {
            throw ScaleModelFailure("\(name) holds no numbers with a fraction")
        }
        return floats
    }
}

struct ScaleModelFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
