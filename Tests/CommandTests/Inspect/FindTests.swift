import Foundation
import MoEFormat
import Testing

@testable import InspectCommands

/// `moe-inspect --find` and the patterns that it shares with `diff`.
@Suite struct FindTests {
    private static let model = Repository.path("fixtures/written/mixtral.moe")

    @Test(arguments: [
        ("*", 65), ("model/layers/0/*", 31), ("model.layers.0.*", 31), ("*.experts.{0-2}.w1.weight", 6),
        ("*experts.{0-2,7}.{w1,w3}*", 16), ("model/layers/{layer}/block_sparse_moe/experts/{expert}/w?/weight", 48),
        ("model/norm/weight", 1), ("w2", 16), ("layers.?.block_sparse_moe.gate", 0),
        ("*layers.?.block_sparse_moe.gate*", 2),
        ("nothing", 0), ("*{8-99}*", 0),
    ])
    func patternsFindTensors(pattern: String, count: Int) throws {
        let outcome = try Command.inspect(Self.model, "--find", pattern, "--json")
        try #require(outcome.status == 0, "\(outcome.error)")
        let json = try outcome.json()
        #expect(json["tensor_count"]?.integer == count && json["tensors"]?.array?.count == count)
        let text = try Command.inspect(Self.model, "--find", pattern)
        #expect(text.status == 0)
        #expect(text.lines.count == (count == 0 ? 2 : count + 3), "\(text.text)")
        #expect(text.lines.contains { $0.hasPrefix("\(count) of 65 tensors") }, "\(text.text)")
    }

    @Test func foundTensorsAreAsAmongAll() throws {
        let all = try #require(Command.inspect(Self.model, "--json", "--tensors").json()["tensors"]?.array)
        let found = try #require(Command.inspect(Self.model, "--find", "*norm*", "--json").json()["tensors"]?.array)
        #expect(found == all.filter { $0["name"]?.string?.contains("norm") == true } && found.count == 5)
    }

    @Test(arguments: ["{0-2", "{}", "{3-1}", ""])
    func mistakesAreWrongUsage(pattern: String) throws {
        let outcome = try Command.inspect(Self.model, "--find", pattern)
        #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome.error)")
    }

    @Test func findGoesWithJSONOnly() throws {
        #expect(try Command.inspect(Self.model, "--find", "*", "--layer", "0").status == 64)
    }

    @Test func hostileNamesAreFoundAndShownHarmless() throws {
        let directory = try TemporaryDirectory()
        var file = SafetensorsFile()
        for name in SafetensorsFile.hostileNames { file.add(name, [1] as [Float]) }
        try file.convert(to: directory.file("a.moe"))
        let outcome = try Command.inspect(directory.file("a.moe"), "--find", "*")
        #expect(outcome.status == 0 && !outcome.isSteering)
        #expect(
            try Command.inspect(directory.file("a.moe"), "--find", #"\*\?\{i}\\j"#, "--json").json()["tensor_count"]
                == 1)
    }

    /// Patterns match exactly the names that they were made of, and nothing that lies between.
    @Test func coversMatchExactlyTheirNames() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = Generator(state: seed)
        for _ in 0..<200 {
            let all = (0..<4).flatMap { layer in
                (0..<6).flatMap { expert in ["w1", "w{2", "*"].map { "layers.\(layer).experts/\(expert)_x.\($0)" } }
            }
            let chosen = all.filter { _ in Bool.random(using: &generator) }
            let patterns = NamePatternCover.patterns(of: chosen)
            let globs = try patterns.map { pattern in try NameGlob(pattern) }
            for name in all {
                // A pattern without wildcards would also find names that contain it; here none contains another.
                #expect(globs.count { $0.matches(name) } == (chosen.contains(name) ? 1 : 0), "\(name), seed \(seed)")
            }
        }
    }

    @Test func fullGridsAreOnePattern() {
        let names = (0..<32).flatMap { layer in
            (0..<8).map { "model.layers.\(layer).mlp.experts.\($0).w1.weight" }
        }
        #expect(NamePatternCover.patterns(of: names) == ["model.layers.{0-31}.mlp.experts.{0-7}.w1.weight"])
        #expect(
            NamePatternCover.patterns(of: Array(names.dropFirst())) == [
                "model.layers.0.mlp.experts.{1-7}.w1.weight", "model.layers.{1-31}.mlp.experts.{0-7}.w1.weight",
            ])
        // Names of more numbers than any model has.
        let deep = (0..<40).map { name in (0..<500).map { "\($0 == 499 ? name : $0)" }.joined(separator: ".") }
        #expect(NamePatternCover.patterns(of: deep).count == deep.count)
        #expect(NamePatternCover.patterns(of: ["a.1", "a.01", "a.3", "b2.w1"]) == ["a.{1,3}", "a.01", "b2.w1"])
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
