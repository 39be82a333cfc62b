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
