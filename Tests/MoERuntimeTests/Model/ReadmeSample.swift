import Foundation
import MoEFormat
import MoERuntime
import Testing

/// The README's sample, word for word, on a converted fixture: it must compile and do what its comments say.
@Suite struct ReadmeSample {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func run(_ path: String, hidden: [Float]) throws -> (LayerResult, UInt64) {
        let model = try MoEModel(opening: path, options: .init(memoryBudget: .mebibytes(512)))
        let layer = try model.layer(0)
        let result = try layer.forward(hidden, tokens: 6)  // hidden: [tokens, hiddenSize] row-major Float
        _ = result.output  // [tokens, hiddenSize]
        _ = result.routing.experts  // chosen expert ids per token, rank order
        return (result, model.statistics.bytesRead)  // only the chosen experts' bytes
    }

    @Test func computesTheReferenceFromTheChosenExpertsOnly() throws {
        let golden = Self.root.appending(path: "fixtures/written/mixtral.moe").path(percentEncoded: false)
        let expected = try JSONParser.parse(
            Array(Data(contentsOf: Self.root.appending(path: "fixtures/cases/mixtral/expected.json"))))
        let layer = try #require(expected["layers"]?.array?.first)
        func floats(_ key: String) -> [Float] {
            (layer[key]?.array ?? []).flatMap { ($0.array ?? []).compactMap(\.number).map { Float($0) } }
        }
        let (result, bytesRead) = try run(golden, hidden: floats("x"))
        let y = floats("y")
        let largest = y.map(abs).max() ?? 0
        #expect(zip(result.output, y).allSatisfy { abs($0 - $1) <= 2e-5 * largest })
        #expect(
            Array(result.routing.experts)
                == (layer["topk_index"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) })

        let file = try ModelFile(opening: golden)
        let chosen = Set(result.routing.experts.joined())
        let blocks = try chosen.map { try file.block(at: file.banks[0].block(ofExpert: $0)) }
        #expect(bytesRead == blocks.reduce(0) { $0 + $1.record.length })
    }

    @Test func isTheSampleOfTheReadme() throws {
        let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let marker = "<!-- snippet: Tests/MoERuntimeTests/Model/ReadmeSample.swift -->\n```swift\n"
        let start = try #require(readme.range(of: marker)?.upperBound)
        let end = try #require(readme[start...].range(of: "```")?.lowerBound)
        // Statements are compared without what keeps the compiler content about unused values.
        let normalized = source.replacing("_ = ", with: "").replacing(
            "try MoEModel(opening: path", with: "try MoEModel(opening: \"mixtral.moe\"")
        for line in readme[start..<end].split(separator: "\n") {
            let statement = line.split(separator: "//")[0].trimmingCharacters(in: .whitespaces)
            guard !statement.isEmpty, !statement.hasPrefix("import") else { continue }
            #expect(normalized.contains(statement), "\(statement)")
        }
    }
}
