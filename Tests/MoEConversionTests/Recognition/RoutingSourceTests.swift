import MoEFormat
import Testing

@testable import MoEConversion

/// Where the routing of a layer comes from: configurations, their wrappers and lists, options, and nothing at all.
@Suite struct RoutingSourceTests {
    private func router(
        _ config: JSONValue?, _ options: RecognitionOptions = .init(), path: String = "model.layers.3.block_sparse_moe"
    ) throws -> RouterDescription {
        let tensors = Checkpoints.mixtral.map {
            SourceTensor(
                name: $0.name.replacing("model.layers.3.block_sparse_moe", with: path), dtype: $0.dtype, shape: $0.shape
            )
        }
        let recognition = try Recognition(of: tensors, config: config, options: options)
        return recognition.model.routers[recognition.model.layers[0].router]
    }

    @Test func withoutAConfigurationEveryExpertIsUsed() throws {
        let recognition = try Recognition(of: Checkpoints.mixtral)
        #expect(recognition.model.routers[0].kind == .all)
        #expect(recognition.warnings.count == 1)
    }

    @Test func topKOverridesWhatIsGiven() throws {
        #expect(try router(["model_type": "mixtral", "num_experts_per_tok": 1], .init(topK: 3)).topK == 3)
        let alone = try router(nil, .init(topK: 3))
        #expect(alone.kind == .topK && alone.topK == 3 && alone.normalization?.kind == .sum)
    }

    @Test(arguments: [
        "num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k",
        "num_selected_experts",
    ])
    func topKHasManyNames(_ key: String) throws {
        var config: JSONObject = ["model_type": "mixtral"]
        config[key] = 3
        #expect(try router(.object(config)).topK == 3)
    }

    @Test(arguments: ["num_local_experts", "num_experts", "n_routed_experts", "moe_num_experts"])
    func theNumberOfExpertsHasManyNames(_ key: String) throws {
        var config: JSONObject = ["model_type": "mixtral"]
        config[key] = 5
        #expect(throws: RecognitionError.self) { try router(.object(config)) }
    }

    @Test func wrappersAreOpened() throws {
        let text: JSONValue = ["model_type": "qwen3_moe", "num_experts_per_tok": 3]
        #expect(try router(["model_type": "some_wrapper", "text_config": text]).topK == 3)
        #expect(try router(["model_type": "some_wrapper", "llm_config": text]).topK == 3)
        let omni: JSONValue = [
            "model_type": "qwen3_omni_moe", "thinker_config": ["text_config": text],
            "talker_config": ["text_config": ["model_type": "qwen3_omni_moe_talker_text", "num_experts_per_tok": 1]],
        ]
        #expect(try router(omni, path: "thinker.model.layers.3.mlp").topK == 3)
        #expect(try router(omni, path: "talker.model.layers.3.mlp").topK == 1)
    }

    /// ERNIE 4.5 VL as its own module names it: two kinds of experts, the shared ones beside both.
    @Test func visionExpertsBorrowTheSharedOnesBesideThem() throws {
        let mlp = "model.language_model.layers.1.mlp"
        let tensors = Checkpoints.tensors([
            "\(mlp).text_moe.gate.weight": [4, 8], "\(mlp).text_moe.experts.gate_up_proj": [4, 24, 8],
            "\(mlp).text_moe.experts.down_proj": [4, 8, 12], "\(mlp).vision_moe.gate.weight": [4, 8],
            "\(mlp).vision_moe.experts.gate_up_proj": [4, 20, 8], "\(mlp).vision_moe.experts.down_proj": [4, 8, 10],
            "\(mlp).shared_experts.gate_proj.weight": [6, 8], "\(mlp).shared_experts.up_proj.weight": [6, 8],
            "\(mlp).shared_experts.down_proj.weight": [8, 6],
        ])
        let recognition = try Recognition(
            of: tensors,
            config: [
                "model_type": "ernie4_5_vl_moe", "vision_config": ["hidden_size": 4],
                "text_config": ["model_type": "ernie4_5_vl_moe_text", "moe_num_experts": 4, "moe_k": 3],
            ])
        #expect(recognition.banks.map(\.path) == ["\(mlp).text_moe", "\(mlp).vision_moe"])
        #expect(recognition.banks.map(\.sharedCount) == [1, 0])
        #expect(recognition.model.layers.map { $0.shared?.bank } == [nil, 0])
        #expect(recognition.model.layers.allSatisfy { $0.shared?.expertSize == 6 })
        #expect(recognition.model.routers.allSatisfy { $0.kind == .topK && $0.topK == 3 })
    }

    @Test func listsHoldAValueForEachLayer() throws {
        #expect(try router(["model_type": "hunyuan_v1_moe", "moe_topk": [1, 1, 1, 4]]).topK == 4)
        #expect(throws: RecognitionError.self) { try router(["model_type": "hunyuan_v1_moe", "moe_topk": [1]]) }
    }

    @Test func missingKeysHaveTheDefaultsOfTransformers() throws {
        #expect(try router(["model_type": "qwen3_moe", "num_experts_per_tok": 2]).normalization == nil)
        #expect(try router(["model_type": "qwen3_next", "num_experts_per_tok": 2]).normalization == .init(.sum))
        #expect(try router(["model_type": "mixtral"]).topK == 2)
        #expect(try router(["model_type": "afmoe", "num_experts_per_tok": 2, "route_scale": .null]).scale == 1)
    }

    @Test func kerasHubPresetsNameTheirModelByClass() throws {
        let backbone: JSONValue = ["class_name": "MixtralBackbone", "config": ["num_experts": 4, "top_k": 3]]
        #expect(try router(backbone).topK == 3)
        #expect(
            try router(["class_name": "MixtralCausalLM", "config": ["backbone": backbone]]).normalization == .init(.sum)
        )
    }

    @Test func everyFamilyGivesADescriptionThatReadsBack() throws {
        for type in Family.modelTypes {
            let config: JSONValue = [
                "model_type": .string(type), "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1,
                "zero_expert_num": 0, "n_shared_experts": 0,
            ]
            let recognition = try Recognition(of: Checkpoints.mixtral, config: config)
            try PlacementInvariants.check(recognition, of: Checkpoints.mixtral)
            #expect(recognition.model.family == type)
        }
        #expect(Family.modelTypes.count > 70)
    }
}

/// The gates of the seed papers, by the keys of a configuration without a model type.
@Suite struct SeedRoutingTests {
    private static let experts = Checkpoints.experts(
        6, ["moe.experts.{e}.fc1.weight": [12, 8], "moe.experts.{e}.fc2.weight": [8, 12]])

    @Test func noisyTopKKeepsTheChosenLogits() throws {
        let tensors = Self.experts + Checkpoints.tensors(["moe.w_gate": [8, 6], "moe.w_noise": [8, 6]])
        let recognition = try Recognition(of: tensors, config: ["num_experts": 6, "top_k": 2, "noisy_gating": true])
        let router = recognition.model.routers[0]
        #expect(router.score == .softmaxOfChosen && router.noise == .softplus && router.topK == 2)
        #expect(recognition.model.functions[0].activation == .relu)
    }

    @Test(arguments: [[6, 8], [2, 3, 8]])
    func aSecondGateMakesTheRouterHierarchical(_ shape: [Int]) throws {
        let tensors =
            Self.experts
            + Checkpoints.tensors(["moe.primary_gate.weight": [2, 8], "moe.secondary_gate.weight": shape])
        let recognition = try Recognition(of: tensors, config: ["num_experts": 6, "top_k": 2, "group_top_k": 1])
        try PlacementInvariants.check(recognition, of: tensors)
        let router = recognition.model.routers[0]
        #expect(router.kind == .hierarchical && router.groupSize == 3 && router.groupTopK == 1 && router.topK == 2)
    }

    @Test func aCapacityFactorIsKept() throws {
        let tensors = Self.experts + Checkpoints.tensors(["moe.gate.weight": [6, 8]])
        let recognition = try Recognition(
            of: tensors, config: ["num_experts": 6, "top_k": 2, "norm_topk_prob": true, "capacity_factor": 1.25])
        #expect(recognition.model.routers[0].capacity?.factor == 1.25)
    }
}
