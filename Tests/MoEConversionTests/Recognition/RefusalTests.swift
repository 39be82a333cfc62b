import MoEFormat
import Testing

@testable import MoEConversion

/// What contradicts itself is refused in one line that names both sides; what does not fit stays dense and is reported.
@Suite struct RefusalTests {
    /// Text and vision experts share a tensor of selection biases; with the vision experts incomplete, it is no half of it that counts.
    @Test func aBiasOfTwoLayersNeedsBoth() throws {
        let path = "model.layers.1.mlp"
        var tensors =
            Checkpoints.experts(
                8,
                [
                    "\(path).experts.{e}.gate_proj.weight": [12, 8], "\(path).experts.{e}.up_proj.weight": [12, 8],
                    "\(path).experts.{e}.down_proj.weight": [8, 12],
                ])
            + Checkpoints.tensors([
                "\(path).gate.weight": [4, 8], "\(path).gate.weight_1": [4, 8],
                "\(path).moe_statics.e_score_correction_bias": [2, 4],
            ])
        #expect(try Recognition(of: tensors, config: ["top_k": 2]).banks.count == 2)
        tensors.removeAll { $0.name == "\(path).experts.6.down_proj.weight" }
        let recognition = try Recognition(of: tensors, config: ["top_k": 2])
        try PlacementInvariants.check(recognition, of: tensors)
        #expect(recognition.banks.count == 1)
        let bias = try #require(tensors.firstIndex { $0.shape == [2, 4] })
        #expect(recognition.placements[bias].place == .dense && recognition.unrecognized.contains(bias))
        let layer = try #require(recognition.model.layers.first)
        #expect(recognition.model.routers[layer.router].kind == .unsupported)
    }

    private func refusal(
        _ tensors: [SourceTensor] = Checkpoints.mixtral, _ config: JSONValue? = nil,
        _ options: RecognitionOptions = .init()
    ) -> RecognitionError? {
        do throws(RecognitionError) {
            _ = try Recognition(of: tensors, config: config, options: options)
            return nil
        } catch {
            return error
        }
    }

    private static let contradictions: [(config: JSONValue, first: String, second: String)] = [
        (["model_type": "mixtral", "num_local_experts": 8], "num_local_experts is 8", "holds 4 experts"),
        (["model_type": "mixtral", "num_experts_per_tok": 9], "num_experts_per_tok is 9", "has 4 experts"),
        (["model_type": "mixtral", "num_experts_per_tok": 0], "num_experts_per_tok is 0", "has 4 experts"),
        (["model_type": "mixtral", "num_experts_per_tok": "two"], "num_experts_per_tok", "not a count"),
        (["model_type": "mixtral", "hidden_act": 3], "hidden_act", "not a name"),
        (["model_type": "deepseek_v3", "n_group": 3, "num_experts_per_tok": 1], "n_group is 3", "4 experts"),
        (
            ["model_type": "deepseek_v3", "n_group": 4, "topk_group": 1, "num_experts_per_tok": 2],
            "routing that the layers cannot have", "groups"
        ),
        ([1, 2], "not a JSON object", ""),
    ]

    @Test(arguments: contradictions.indices)
    func contradictionsNameBothSides(_ index: Int) throws {
        let (config, first, second) = Self.contradictions[index]
        let error = try #require(refusal(Checkpoints.mixtral, config))
        #expect(error.kind == .contradiction)
        #expect(
            error.description.contains(first) && (second.isEmpty || error.description.contains(second)),
            "\(error.description)")
        #expect(!error.description.contains("\n"))
    }

    @Test func wrongOptionsAreUsage() throws {
        #expect(throws: RecognitionError.self) { try LayoutChoice("nonsense") }
        #expect(refusal(topK: 9)?.kind == .usage)
        #expect(refusal(Checkpoints.mixtral, nil, .init(router: ["kind": "best"]))?.kind == .usage)
        #expect(
            refusal(Checkpoints.mixtral, nil, .init(router: ["kind": "top_k", "top_k": 5, "score": "softmax"]))?.kind
                == .usage)
    }

    private static let missing: [(key: String, router: JSONValue)] = [
        ("selection_bias", ["kind": "top_k", "top_k": 2, "score": "sigmoid", "selection_bias": "score"]),
        ("per_expert_scale", ["kind": "top_k", "top_k": 2, "score": "softmax", "per_expert_scale": true]),
        ("noise", ["kind": "top_k", "top_k": 2, "score": "softmax_of_chosen", "noise": ["kind": "softplus"]]),
        ("hash", ["kind": "hash", "top_k": 2, "score": "sigmoid"]),
        (
            "hierarchical",
            ["kind": "hierarchical", "group_size": 2, "group_top_k": 1, "top_k": 1, "score": "softmax_of_chosen"]
        ),
        ("negative", ["kind": "top_k", "top_k": 2, "score": "softmax", "identity_experts": -1]),
        ("negative", ["kind": "top_k", "top_k": 2, "score": "softmax", "shared_in_router": -1]),
    ]

    /// What a user asks for is not left out in silence.
    @Test(arguments: missing.indices)
    func aRouterThatIsGivenMustFindItsTensors(_ index: Int) throws {
        let (key, router) = Self.missing[index]
        let error = try #require(refusal(Checkpoints.mixtral, nil, .init(router: router)))
        #expect(error.kind == .usage && error.description.contains(key), "\(error)")
    }

    private func refusal(topK: Int) -> RecognitionError? { refusal(Checkpoints.mixtral, nil, .init(topK: topK)) }

    @Test func aCheckpointWithoutExpertsIsRefusedWithAHint() throws {
        let dense = Checkpoints.tensors(["model.layers.0.mlp.up_proj.weight": [8, 8]])
        let error = try #require(refusal(dense))
        #expect(
            error.kind == .contradiction && error.description.contains("--layout dense")
                && error.description.contains("--map"))
        let kept = try Recognition(of: dense, options: .init(layout: .dense))
        #expect(kept.banks == [] && kept.placements.allSatisfy { $0.place == .dense })
    }

    @Test func anotherLayoutsNameRecognisesNothing() throws {
        #expect(refusal(Checkpoints.mixtral, nil, .init(layout: .named("switch"))) == nil)
        let recognition = try Recognition(of: Checkpoints.mixtral, options: .init(layout: .named("switch")))
        #expect(recognition.model.routers.first?.kind == .unsupported)
        #expect(
            try Recognition(of: Checkpoints.mixtral, options: .init(layout: .named("mixtral"))).banks.first?.layout
                == "mixtral")
    }

    @Test func aGapAmongExpertsIsReported() throws {
        let gap = Checkpoints.mixtral.filter { !$0.name.contains("experts.2.w3") }
        let other = Checkpoints.mixtral.map {
            SourceTensor(name: $0.name.replacing("layers.3", with: "layers.5"), dtype: $0.dtype, shape: $0.shape)
        }
        let recognition = try Recognition(of: gap + other)
        #expect(recognition.banks.map(\.layer) == [5])
        #expect(
            recognition.warnings.contains {
                $0.contains("model.layers.3.block_sparse_moe") && $0.contains("not complete")
            })
        #expect(recognition.placements.prefix(gap.count).allSatisfy { $0.place == .dense })
    }

    @Test func anExpertOfAnotherShapeIsReported() throws {
        var tensors = Checkpoints.mixtral
        tensors[4].shape = [12, 7]
        let error = try #require(refusal(tensors))
        #expect(error.description.contains("no experts"))
    }

    private struct Oddity {
        var tensors: [SourceTensor]
        var reason: String
    }

    private static let layer = "model.layers.3.block_sparse_moe"
    private static let oddities: [String: Oddity] = [
        "no router": Oddity(
            tensors: Checkpoints.mixtral.filter { !$0.name.contains("gate.weight") }, reason: "no router tensor"),
        "a router of other rows": Oddity(
            tensors: Checkpoints.mixtral.filter { !$0.name.contains("gate.weight") }
                + Checkpoints.tensors(["\(layer).gate.weight": [6, 8]]), reason: "[6, 8]"),
        "two routers": Oddity(
            tensors: Checkpoints.mixtral + Checkpoints.tensors(["\(layer).router.weight": [4, 8]]),
            reason: "more than one"),
        "an unknown matrix in experts": Oddity(
            tensors: Checkpoints.mixtral + Checkpoints.experts(4, ["\(layer).experts.{e}.w4.weight": [8, 8]]),
            reason: "no layout has experts"),
        "foreign quantisation": Oddity(
            tensors: Checkpoints.mixtral + Checkpoints.experts(4, ["\(layer).experts.{e}.w1.qzeros": [8, 8]]),
            reason: "quantiser"),
        "a shared expert of another kind": Oddity(
            tensors: Checkpoints.mixtral + Checkpoints.tensors(["\(layer).shared_expert.strange.weight": [8, 7, 6]]),
            reason: "shared expert is not understood"),
    ]

    @Test(arguments: oddities.keys.sorted())
    func whatIsNotUnderstoodDoesNotRun(_ name: String) throws {
        let tensors = try #require(Self.oddities[name]).tensors
        let reason = try #require(Self.oddities[name]).reason
        let recognition = try Recognition(of: tensors, config: ["model_type": "mixtral"])
        try PlacementInvariants.check(recognition, of: tensors)
        let router = recognition.model.routers[recognition.model.layers[0].router]
        #expect(router.kind == .unsupported)
        #expect(router.reason?.contains(reason) == true, "\(router.reason ?? "")")
        #expect(recognition.warnings.contains { $0.contains(reason) })
    }
}
