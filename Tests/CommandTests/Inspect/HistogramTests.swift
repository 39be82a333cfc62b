import Foundation
import MoEFormat
import Testing

@testable import InspectCommands

/// `moe-inspect histogram` and `norms`: the numbers, and how they are shown.
@Suite struct HistogramTests {
    private static let model = Repository.path("fixtures/written/mixtral.moe")

    private func file(_ values: [Float], in directory: TemporaryDirectory) throws -> String {
        var source = SafetensorsFile()
        source.add("x", values)
        try source.convert(to: directory.file("x.moe"))
        return directory.file("x.moe")
    }

    @Test func countsAndMomentsAreThoseOfTheValues() throws {
        let directory = try TemporaryDirectory()
        let path = try file([0, 1, 2, 3, 4, 4, -0.0, .nan, .infinity, -.infinity, .infinity], in: directory)
        let outcome = try Command.inspect("histogram", path, "x", "--bins", "4")
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.text == """
                x: F32 [11], 11 values
                  min 0   max 4   mean 2   std 1.604   norm 6.782
                  zeros 2 (18.18 %)   NaN 1   +Inf 2   -Inf 1

                  from  to  values  
                     0   1       2  ████████████████████████████████
                     1   2       1  ████████████████
                     2   3       1  ████████████████
                     3   4       3  ████████████████████████████████████████████████

                """)
        let json = try Command.inspect("histogram", path, "x", "--bins", "4", "--json").json()
        #expect(json["counts"] == [2, 1, 1, 3] && json["edges"]?.array?.map(\.number) == [0, 1, 2, 3, 4])
        #expect(json["values"] == 11 && json["zeros"] == 2 && json["nan"] == 1)
        #expect(json["positive_infinity"] == 2 && json["negative_infinity"] == 1 && json["mean"]?.number == 2)
    }

    @Test func whatHasNoRangeHasOneBinAndWhatHasNoValuesNone() throws {
        let directory = try TemporaryDirectory()
        let one = try Command.inspect("histogram", try file([3, 3, 3], in: directory), "x", "--json").json()
        #expect(one["counts"] == [3] && one["edges"]?.array?.map(\.number) == [3, 3] && one["std"]?.number == 0)
        let none = try Command.inspect("histogram", try file([.nan, .nan], in: directory), "x", "--json").json()
        #expect(none["counts"] == [] && none["min"] == .null && none["nan"] == 2)
        let empty = try Command.inspect("histogram", try file([], in: directory), "x")
        #expect(empty.status == 0 && empty.text.contains("no finite values"), "\(empty.text)")
        let extremes = try file([-.greatestFiniteMagnitude, .greatestFiniteMagnitude, 0], in: directory)
        #expect(try Command.inspect("histogram", extremes, "x", "--bins", "2", "--json").json()["counts"] == [1, 2])
        // Neighbours at the lower end of what there is.
        var least = SafetensorsFile()
        let values: [Double] = [0, .leastNonzeroMagnitude, .leastNonzeroMagnitude]
        least.add("x", "F64", [3], values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
        try least.convert(to: directory.file("least.moe"))
        let counts = try Command.inspect("histogram", directory.file("least.moe"), "x", "--bins", "3", "--json")
        try #require(counts.status == 0, "\(counts.error)")
        #expect(try counts.json()["counts"] == [1, 0, 2])
    }

    /// Codes times scales, against the same computed here.
    @Test func quantisedTensorsCountAsTheirValues() throws {
        let path = Repository.path("fixtures/golden/quantised.moe")
        let values = try Command.inspect("histogram", path, "0.down_blocks", "--json").json()
        let codes = try Command.inspect("histogram", path, "0.down_blocks", "--codes", "--json").json()
        #expect(values["values"] == 2048 && codes["values"] == 2048)
        #expect(abs(try #require(codes["max"]?.number)) <= 6)
        let file = try ModelFile(opening: path)
        let blocks = try file.bytes(of: #require(try file.tensor(named: "0.down_blocks")))
        let scales = try file.bytes(of: #require(try file.tensor(named: "0.down_scales")))
        let magnitudes: [Double] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
        var sum = 0.0
        for (index, byte) in blocks.enumerated() {
            let scale = exp2(Double(scales[index / 16]) - 127)
            for code in [byte & 15, byte >> 4] { sum += pow(magnitudes[Int(code & 7)] * scale, 2) }
        }
        let norm = try #require(values["norm"]?.number)
        #expect(abs(norm - sum.squareRoot()) < 1e-9 * norm)
        // The same number by the other command.
        let norms = try Command.inspect("norms", path, "--layer", "0", "--json").json()
        #expect(norms["layers"]?.array?.first?["experts"]?.array?.first?["roles"]?["down_weight"]?.number == norm)
    }

    @Test func normsAreThoseOfTheExtractedTensors() throws {
        let file = try ModelFile(opening: Self.model)
        let tensor = try #require(try file.tensor(named: "model/layers/1/block_sparse_moe/experts/5/w2/weight"))
        let floats = try file.bytes(of: tensor).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let expected = floats.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let json = try Command.inspect("norms", Self.model, "--json").json()
        let layers = try #require(json["layers"]?.array)
        #expect(layers.count == 2 && layers.allSatisfy { $0["experts"]?.array?.count == 8 })
        let norm = try #require(layers[1]["experts"]?.array?[5]["roles"]?["down_weight"]?.number)
        #expect(abs(norm - expected) < 1e-12 * expected)
        let text = try Command.inspect("norms", Self.model, "--layer", "1")
        #expect(text.status == 0 && text.lines.count == 11)
        #expect(text.lines.first == "model.layers.1.block_sparse_moe: Frobenius norms")
        let spread = try Command.inspect("norms", Self.model)
        #expect(spread.lines.count == 8 && spread.lines[1].contains("gate_weight"))
        #expect(try Command.inspect("norms", Self.model, "--layer", "9").status == 64)
    }

    @Test func usageAndDamageHaveTheirCodes() throws {
        let directory = try TemporaryDirectory()
        #expect(try Command.inspect("histogram", Self.model, "nothing").status == 64)
        #expect(try Command.inspect("histogram", Self.model, "model/norm/weight", "--bins", "0").status == 64)
        #expect(try Command.inspect("histogram", directory.file("nothing.moe"), "x").status == 66)
        try Data("nonsense".utf8).write(to: URL(filePath: directory.file("bad.moe")))
        #expect(try Command.inspect("histogram", directory.file("bad.moe"), "x").status == 65)
        #expect(try Command.inspect("norms", directory.file("bad.moe")).status == 65)
        let raw = Repository.path("fixtures/written/mixtral-raw.moe")
        let tensors = try #require(Command.inspect(raw, "--json", "--tensors").json()["tensors"]?.array)
        let name = "model/layers/0/block_sparse_moe/experts/0/w1/weight"
        let part = try #require(tensors.first { $0["name"]?.string == name }?["parts"]?.array?.first)
        var bytes = try Data(contentsOf: URL(filePath: raw))
        bytes[try #require(part["offset"]?.integer)] ^= 1
        try bytes.write(to: URL(filePath: directory.file("bad.moe")))
        for outcome in [
            try Command.inspect("histogram", directory.file("bad.moe"), name),
            try Command.inspect("norms", directory.file("bad.moe")),
        ] {
            #expect(
                outcome.status == 65 && outcome.errorLines.count == 1 && outcome.error.contains("R71"),
                "\(outcome.error)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test(arguments: [
        (0.0, "0"), (1.0, "1"), (-1.5, "-1.5"), (0.001953125, "0.001953"), (9999.9, "10000"), (123456.0, "123456"),
        (1.23456e-7, "1.235e-07"), (9.99996e-5, "0.0001"), (1e15, "1e+15"), (-1e300, "-1e+300"), (99.996, "100"),
        (.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan"), (5e-324, "4.941e-324"),
    ])
    func figuresHaveFourDigits(value: Double, text: String) {
        #expect(Figure.text(value) == text)
    }
}
