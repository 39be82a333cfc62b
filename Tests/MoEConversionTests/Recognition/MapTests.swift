import MoEFormat
import Testing

@testable import MoEConversion

/// Patterns of the user's own.
@Suite struct MapTests {
    private func map(_ text: String) throws(RecognitionError) -> TensorMap { try TensorMap(parsing: Array(text.utf8)) }

    private static let strange =
        Checkpoints.experts(
            4, ["net/stage7/moe/ex{e}/A": [8, 12], "net/stage7/moe/ex{e}/B": [12, 8], "net/stage7/moe/ex{e}/a": [12]])
        + Checkpoints.tensors([
            "net/stage7/moe/R": [4, 8], "net/stage7/moe/sh/A": [8, 6], "net/stage7/moe/sh/B": [6, 8],
            "net/head": [3, 8],
        ])
    private static let text = """
        {"bank": "net.stage{layer}.moe", "tensors": [
          {"match": "net.stage{layer}.moe.ex{expert}.A", "role": "up_weight", "orientation": "rows_are_inputs"},
          {"match": "net.stage{layer}.moe.ex{expert}.a", "role": "up_bias"},
          {"match": "net/stage{layer}/moe/ex{expert}/B", "role": "down_weight", "orientation": "rows_are_inputs"},
          {"match": "net.stage{layer}.moe.sh.A", "role": "shared_expert_up_weight", "orientation": "rows_are_inputs"},
          {"match": "net.stage{layer}.moe.sh.B", "role": "shared_expert_down_weight", "orientation": "rows_are_inputs"},
          {"match": "net.stage{layer}.moe.R", "role": "router_weight"}],
         "router": {"kind": "top_k", "top_k": 3, "score": "sigmoid"}, "expert_function": {"kind": "mlp", "activation": "gelu"}}
        """

    /// As patterns without a wildcard's second thoughts would have it: every way to cut the name is tried.
    private func matches(_ pattern: ArraySlice<Character>, _ text: ArraySlice<Character>) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        if first == "*" { return (0...text.count).contains { matches(pattern.dropFirst(), text.dropFirst($0)) } }
        if first == "#" {
            let digits = text.prefix(while: \.isNumber)
            guard !digits.isEmpty, digits.count == 1 || digits.first != "0" else { return false }
            return matches(pattern.dropFirst(), text.dropFirst(digits.count))
        }
        return text.first == first && matches(pattern.dropFirst(), text.dropFirst())
    }

    @Test func wildcardsMatchWhatSomeCutOfTheNameMatches() throws {
        var found = 0
        for _ in 0..<3000 {
            var pattern = (0..<Int.random(in: 1...7)).compactMap { _ in "ab0*".randomElement() }
            if Bool.random() { pattern.insert("#", at: Int.random(in: 0...pattern.count)) }
            let name = (0..<Int.random(in: 1...8)).compactMap { _ in "ab01".randomElement() }
            let written = String(pattern).replacing("#", with: "{layer}")
            let isMatch = try NamePattern(written) { .usage($0) }.match(TensorName(String(name))) != nil
            #expect(isMatch == matches(pattern[...], name[...]), "\(written) and \(String(name))")
            found += isMatch ? 1 : 0
        }
        #expect(found > 50)
    }

    /// Neither the stack nor the time runs out.
    @Test func patternsOfManyWildcardsEnd() throws {
        let name = TensorName(String(repeating: "a", count: 4000))
        let stars = String(repeating: "*", count: 1_000_000)
        #expect(try NamePattern(stars) { .usage($0) }.match(name) != nil)
        #expect(try NamePattern(stars + "b") { .usage($0) }.match(name) == nil)
        let twice = String(repeating: "*a", count: 40)
        #expect(try NamePattern(twice + "b") { .usage($0) }.match(name) == nil)
        #expect(try NamePattern(twice) { .usage($0) }.match(name) != nil)
    }

    @Test func aMapNamesAnyCheckpoint() throws {
        let recognition = try Recognition(of: Self.strange, options: .init(map: try map(Self.text)))
        try PlacementInvariants.check(recognition, of: Self.strange)
        let bank = try #require(recognition.banks.first)
        #expect(bank.path == "net.stage7.moe" && bank.layer == 7 && bank.expertCount == 4 && bank.sharedCount == 1)
        let layer = recognition.model.layers[0]
        #expect(layer.hiddenSize == 8 && layer.expertSize == 12 && layer.shared?.expertSize == 6)
        #expect(recognition.model.routers[layer.router].topK == 3)
        #expect(recognition.model.functions[layer.function].activation == .gelu)
        #expect(recognition.placements.last?.place == .dense)
    }

    @Test func stacksAreCutByTheirFirstDimensionOrByExperts() throws {
        let deep = Checkpoints.tensors(["m.up": [4, 12, 8], "m.down": [4, 8, 12], "m.r": [8, 4]])
        let flat = Checkpoints.tensors(["m.up": [48, 8], "m.down": [48, 8], "m.r": [8, 4]])
        func text(_ experts: String, _ down: String) -> String {
            #"{"bank": "m", "tensors": [{"match": "m.up", "role": "up_weight", "stacked": true\#(experts)}, {"match": "m.down", "role": "down_weight", "stacked": true\#(experts)\#(down)}, {"match": "m.r", "role": "router_weight", "orientation": "rows_are_inputs"}]}"#
        }
        let one = try Recognition(of: deep, options: .init(map: try map(text("", ""))))
        #expect(one.placements[0].place == .stackedExperts(bank: 0, count: 4) && one.model.layers[0].expertSize == 12)
        let two = try Recognition(
            of: flat, options: .init(map: try map(text(#", "experts": 4"#, #", "orientation": "rows_are_inputs""#))))
        #expect(two.placements[0].place == .stackedExperts(bank: 0, count: 4) && two.model.layers[0].expertSize == 12)
    }

    @Test(arguments: [
        ("[", "not JSON"), ("{}", "\"tensors\""),
        (#"{"tensors": [{"match": "a", "role": "up"}]}"#, "tensors[0].role"),
        (#"{"tensors": [{"match": "a.{x}", "role": "dense"}]}"#, "{x}"),
        (
            #"{"tensors": [{"match": "a", "role": "dense"}, {"match": "a", "role": "router_weight"}]}"#,
            "tensors[1] has no bank"
        ),
        (#"{"bank": "a", "tensors": [{"match": "a", "role": "up_weight"}]}"#, "has no {expert}"),
        (
            #"{"bank": "a", "tensors": [{"match": "a", "role": "router_weight", "orientation": "sideways"}]}"#,
            "orientation"
        ),
        (#"{"bank": "a", "tensors": [{"match": "a", "role": "router_weight", "rank": 2}]}"#, "\"rank\""),
    ])
    func mistakesAreNamed(_ text: String, _ expected: String) throws {
        let error = #expect(throws: RecognitionError.self) { try map(text) }
        #expect(error?.kind == .usage && error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test func aMapThatDoesNotFitIsUsage() throws {
        let text = Self.text.replacing(
            #""role": "down_weight", "orientation": "rows_are_inputs""#, with: #""role": "down_weight""#)
        let map = try map(text)
        let error = #expect(throws: RecognitionError.self) {
            try Recognition(of: Self.strange, options: .init(map: map))
        }
        #expect(error?.kind == .usage && error?.description.contains("orientation") == true)
    }
}
