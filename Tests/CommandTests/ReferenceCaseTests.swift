import Foundation
import MoEFormat
import Testing

/// Every reference checkpoint: converted, verified, and run to the reference's own outputs.
@Suite struct ReferenceCaseTests {
    @Test(arguments: ReferenceCase.all)
    func givesTheReferenceOutput(reference: ReferenceCase) throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        let converted = try Command.convert.start([reference.checkpoint, file] + reference.options)
        try #require(converted.status == 0, "\(converted.error)")
        let verified = try Command.inspect("verify", file)
        #expect(verified.status == 0, "\(String(decoding: verified.output, as: UTF8.self))")
        for layer in try reference.layers() { try check(layer, of: file, in: directory) }
    }

    private func check(_ layer: ReferenceCase.Layer, of file: String, in directory: TemporaryDirectory) throws {
        let (x, y, routing) = (directory.file("x.npy"), directory.file("y.npy"), directory.file("routing.json"))
        try NumPyFile.write(layer.input, to: x)
        // A bank of tensors without a common path is found by its number.
        var arguments = [
            file, "--layer", layer.path.isEmpty ? "0" : layer.path, "--input", x, "--output", y, "--routing", routing,
        ]
        if layer.appliesCapacity { arguments += ["--capacity", "on"] }
        if let ids = layer.tokenIDs {
            try NumPyFile.write(ids, to: directory.file("ids.npy"))
            arguments += ["--token-ids", directory.file("ids.npy")]
        }
        let outcome = try Command.run.start(arguments)
        try #require(outcome.status == 0, "\(outcome.error)")

        let chosen = try JSONParser.parse(Array(Data(contentsOf: URL(filePath: routing))))
        for (token, expected) in layer.experts.enumerated() {
            let experts = (chosen["experts"]?.array?[token].array ?? []).compactMap(\.integer)
            let weights = (chosen["weights"]?.array?[token].array ?? []).compactMap(\.number)
            #expect(experts == expected, "\(layer.path), token \(token)")
            for (weight, reference) in zip(weights, layer.weights[token]) {
                #expect(abs(weight - Double(reference)) <= 1e-5, "\(layer.path), token \(token)")
            }
        }
        let output = try NumPyFile.floats(y)
        let expected = layer.output.flatMap(\.self)
        try #require(output.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        let error = zip(output, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(error <= 2e-5 * largest, "\(layer.path): off by \(error) of \(largest)")
    }
}
