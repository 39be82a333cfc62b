import Foundation
import MoEFormat
import Testing

/// What `Scripts/run-gpt4-scale.sh` does with 1.8 T parameters, with fewer.
@Suite struct ScaleModelTests {
    private static let shape = [
        "--layers", "5", "--experts", "16", "--hidden", "72", "--width", "112", "--vocabulary", "40", "--layer", "3",
        "--tokens", "9",
    ]

    private func written(_ shape: [String] = shape) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let outcome = try Command.scaleModel.start([directory.path] + shape)
        try #require(outcome.status == 0, "\(outcome.error)")
        return directory
    }

    @Test func aLayerGivesWhatItsFormulasSay() throws {
        let directory = try written()
        let file = directory.file("model.moe")
        #expect(try Command.inspect("verify", file).status == 0)
        // An expert has 2 · 72 · 112 weights of two bytes: one fits the budget, two do not.
        let run = try Command.run(
            file, "--layer", "3", "--input", directory.file("x.npy"), "--output", directory.file("y.npy"),
            "--routing", directory.file("routing.json"), "--budget", "48KiB", "--stats")
        #expect(run.status == 0, "\(run.error)")
        let statistics = try JSONParser.parse(Array(run.output))
        #expect((statistics["peak_resident"]?.integer ?? .max) <= 48 << 10)
        let check = try Command.scaleModel.start([directory.path, "--check"] + Self.shape)
        #expect(check.status == 0, "\(check.error)")
    }

    @Test func theCheckFailsForAnOutputThatIsOff() throws {
        let directory = try written()
        #expect(
            try Command.run(
                directory.file("model.moe"), "--layer", "3", "--input", directory.file("x.npy"), "--output",
                directory.file("y.npy"), "--routing", directory.file("routing.json")
            ).status == 0)
        var data = try Data(contentsOf: URL(filePath: directory.file("y.npy")))
        data[data.count - 1] ^= 0x80
        try data.write(to: URL(filePath: directory.file("y.npy")))
        #expect(try Command.scaleModel.start([directory.path, "--check"] + Self.shape).status != 0)
    }

    /// Terabytes are declared in little room: the bands of a matrix are stored in a byte a plane.
    @Test func weightsTakeAHundredthOfTheirBytes() throws {
        let directory = try written(
            ["--layers", "3", "--hidden", "64", "--width", "1024", "--vocabulary", "8", "--layer", "0"])
        let json = try JSONParser.parse(Array(Command.inspect(directory.file("model.moe"), "--json").output))
        let (file, tensors) = (json["file_bytes"]?.integer ?? .max, json["tensor_bytes"]?.integer ?? 0)
        #expect(tensors > 3 * 16 * 2 * 64 * 1024 * 2 && file < tensors / 100, "\(file) of \(tensors)")
    }
}
