import MoEFormat
import Testing

@testable import MoEConversion

/// One published way to name and shape experts, with what it must be recognised as.
struct LayoutExample: CustomTestStringConvertible {
    var name: String
    var tensors: [SourceTensor]
    var kind: ExpertFunction.Kind
    var count = 4
    var path = "model.layers.3.mlp"
    /// Roles of some tensors, and the orientation where it is the point.
    var roles: [String: (Role, Orientation)]
    var testDescription: String { name }

    init(
        _ name: String, _ kind: ExpertFunction.Kind, path: String = "model.layers.3.mlp", _ tensors: [SourceTensor],
        roles: [String: (Role, Orientation)]
    ) {
        self.name = name
        self.kind = kind
        self.path = path
        self.tensors = tensors
        self.roles = roles
    }
}

@Suite struct LayoutTests {
    @Test(arguments: perExpert + stacked + keras)
    func isRecognised(_ example: LayoutExample) throws {
        for tensors in [
            example.tensors,
            example.tensors.map {
                SourceTensor(name: $0.name.replacing(".", with: "/"), dtype: $0.dtype, shape: $0.shape)
            },
        ] {
            let recognition = try Recognition(of: tensors, config: ["top_k": 2, "norm_topk_prob": true])
            try PlacementInvariants.check(recognition, of: tensors)
            #expect(recognition.banks.map(\.path) == [example.path])
            #expect(recognition.banks.first?.expertCount == example.count)
            let layer = try #require(recognition.model.layers.first)
            #expect(recognition.model.functions[layer.function].kind == example.kind)
            #expect(layer.hiddenSize == 8)
            #expect(layer.expertSize == (example.kind == .linear ? 0 : 12))
            #expect(recognition.unrecognized == [])
            for (name, expected) in example.roles {
                let index = try #require(tensors.firstIndex { $0.name.replacing("/", with: ".") == name })
                #expect(recognition.placements[index].role == expected.0, "\(name)")
                #expect(recognition.placements[index].orientation == expected.1, "\(name)")
            }
        }
    }

    private static let mlp = "model.layers.3.mlp"
    private static func gate(_ name: String = "model.layers.3.mlp.gate.weight", _ shape: [Int] = [4, 8])
        -> [SourceTensor]
    {
        Checkpoints.tensors([name: shape])
    }

    static let perExpert: [LayoutExample] = [
        LayoutExample(
            "qwen", .gated,
            Checkpoints.experts(
                4,
                [
                    "\(mlp).experts.{e}.gate_proj.weight": [12, 8], "\(mlp).experts.{e}.up_proj.weight": [12, 8],
                    "\(mlp).experts.{e}.down_proj.weight": [8, 12],
                ]) + gate(),
            roles: [
                "\(mlp).experts.2.gate_proj.weight": (.gateWeight, .rowsAreOutputs),
                "\(mlp).gate.weight": (.routerWeight, .rowsAreOutputs),
            ]),
        LayoutExample(
            "mistral native", .gated, path: "layers.3",
            Checkpoints.experts(
                4,
                [
                    "layers.3.experts.{e}.w1.weight": [12, 8], "layers.3.experts.{e}.w3.weight": [12, 8],
                    "layers.3.experts.{e}.w2.weight": [8, 12],
                ]) + gate("layers.3.gate.weight")
                + Checkpoints.tensors(["layers.3.attention.wq.weight": [8, 8], "layers.3.ffn_norm.weight": [8]]),
            roles: [
                "layers.3.experts.0.w3.weight": (.upWeight, .rowsAreOutputs),
                "layers.3.attention.wq.weight": (.other, .none),
            ]),
        LayoutExample(
            "switch", .mlp,
            Checkpoints.experts(
                4, ["\(mlp).experts.expert_{e}.wi.weight": [12, 8], "\(mlp).experts.expert_{e}.wo.weight": [8, 12]])
                + gate("\(mlp).router.classifier.weight"),
            roles: ["\(mlp).experts.expert_3.wo.weight": (.downWeight, .rowsAreOutputs)]),
        LayoutExample(
            "fc1 fc2 with biases", .mlp,
            Checkpoints.experts(
                4,
                [
                    "\(mlp).experts.{e}.fc1.weight": [12, 8], "\(mlp).experts.{e}.fc1.bias": [12],
                    "\(mlp).experts.{e}.fc2.weight": [8, 12], "\(mlp).experts.{e}.fc2.bias": [8],
                ]) + gate(),
            roles: ["\(mlp).experts.1.fc1.bias": (.upBias, .none), "\(mlp).experts.1.fc2.bias": (.downBias, .none)]),
        LayoutExample(
            "sequential 0 and 2", .mlp,
            Checkpoints.experts(
                4,
                [
                    "\(mlp).experts.{e}.net.0.weight": [12, 8], "\(mlp).experts.{e}.net.0.bias": [12],
                    "\(mlp).experts.{e}.net.2.weight": [8, 12], "\(mlp).experts.{e}.net.2.bias": [8],
                ]) + gate(),
            roles: [
                "\(mlp).experts.0.net.0.weight": (.upWeight, .rowsAreOutputs),
                "\(mlp).experts.0.net.2.bias": (.downBias, .none),
            ]),
        LayoutExample(
            "sequential without a name", .mlp,
            Checkpoints.experts(4, ["\(mlp).experts.{e}.0.weight": [12, 8], "\(mlp).experts.{e}.2.weight": [8, 12]])
                + gate(),
            roles: ["\(mlp).experts.0.2.weight": (.downWeight, .rowsAreOutputs)]),
        LayoutExample(
            "linear", .linear,
            Checkpoints.experts(4, ["\(mlp).experts.{e}.weight": [8, 8], "\(mlp).experts.{e}.bias": [8]]) + gate()
                + Checkpoints.tensors(["\(mlp).gate.bias": [4]]),
            roles: [
                "\(mlp).experts.0.weight": (.expertWeight, .rowsAreOutputs),
                "\(mlp).experts.0.bias": (.expertBias, .none), "\(mlp).gate.bias": (.routerBias, .none),
            ]),
        LayoutExample(
            "transposed kernels", .mlp,
            Checkpoints.experts(
                4, ["\(mlp).experts.{e}.wi.kernel": [8, 12], "\(mlp).experts.{e}.wo.kernel": [12, 8]])
                + gate("\(mlp).router.kernel", [8, 4]),
            roles: [
                "\(mlp).experts.0.wi.kernel": (.upWeight, .rowsAreInputs),
                "\(mlp).router.kernel": (.routerWeight, .rowsAreInputs),
            ]),
        LayoutExample(
            "deepspeed", .mlp, path: "\(mlp).deepspeed_moe",
            Checkpoints.experts(
                4,
                [
                    "\(mlp).deepspeed_moe.experts.deepspeed_experts.{e}.dense_h_to_4h.weight": [12, 8],
                    "\(mlp).deepspeed_moe.experts.deepspeed_experts.{e}.dense_4h_to_h.weight": [8, 12],
                ]) + gate("\(mlp).deepspeed_moe.gate.wg.weight"),
            roles: [:]),
        LayoutExample(
            "megatron", .gated,
            Checkpoints.experts(
                4,
                [
                    "\(mlp).experts.local_experts.{e}.linear_fc1.weight": [24, 8],
                    "\(mlp).experts.local_experts.{e}.linear_fc2.weight": [8, 12],
                ]) + gate("\(mlp).router.weight"),
            roles: ["\(mlp).experts.local_experts.0.linear_fc1.weight": (.gateUpHalvesWeight, .rowsAreOutputs)]),
    ]

    static let stacked: [LayoutExample] = [
        LayoutExample(
            "fused", .gated,
            Checkpoints.tensors(["\(mlp).experts.gate_up_proj": [4, 24, 8], "\(mlp).experts.down_proj": [4, 8, 12]])
                + gate(),
            roles: ["\(mlp).experts.gate_up_proj": (.gateUpHalvesWeight, .rowsAreOutputs)]),
        LayoutExample(
            "fused, transposed", .gated,
            Checkpoints.tensors(["\(mlp).experts.gate_up_proj": [4, 8, 24], "\(mlp).experts.down_proj": [4, 12, 8]])
                + gate("\(mlp).router.weight"),
            roles: [
                "\(mlp).experts.gate_up_proj": (.gateUpHalvesWeight, .rowsAreInputs),
                "\(mlp).experts.down_proj": (.downWeight, .rowsAreInputs),
            ]),
        LayoutExample(
            "aria", .gated,
            Checkpoints.tensors(["\(mlp).experts.fc1.weight": [4, 8, 24], "\(mlp).experts.fc2.weight": [4, 12, 8]])
                + gate("\(mlp).router.weight"),
            roles: ["\(mlp).experts.fc1.weight": (.gateUpHalvesWeight, .rowsAreInputs)]),
        LayoutExample(
            "step", .gated, path: "model.layers.3.moe",
            Checkpoints.tensors([
                "model.layers.3.moe.gate_proj.weight": [4, 12, 8], "model.layers.3.moe.up_proj.weight": [4, 12, 8],
                "model.layers.3.moe.down_proj.weight": [4, 8, 12],
            ]) + gate("model.layers.3.moe.gate.weight"),
            roles: ["model.layers.3.moe.gate_proj.weight": (.gateWeight, .rowsAreOutputs)]),
        LayoutExample(
            "dbrx", .gated, path: "model.layers.3.ffn",
            Checkpoints.tensors([
                "model.layers.3.ffn.experts.mlp.w1": [48, 8], "model.layers.3.ffn.experts.mlp.v1": [48, 8],
                "model.layers.3.ffn.experts.mlp.w2": [48, 8],
            ]) + gate("model.layers.3.ffn.router.layer.weight"),
            roles: [
                "model.layers.3.ffn.experts.mlp.w2": (.downWeight, .rowsAreInputs),
                "model.layers.3.ffn.experts.mlp.v1": (.upWeight, .rowsAreOutputs),
            ]),
        LayoutExample(
            "inkling", .gated,
            Checkpoints.tensors(["\(mlp).experts.w13_weight": [4, 24, 8], "\(mlp).experts.w2_weight": [4, 8, 12]])
                + gate(),
            roles: ["\(mlp).experts.w13_weight": (.gateUpInterleavedWeight, .rowsAreOutputs)]),
        LayoutExample(
            "stacked two layers with biases", .mlp,
            Checkpoints.tensors([
                "\(mlp).experts.w1": [4, 8, 12], "\(mlp).experts.b1": [4, 12], "\(mlp).experts.w2": [4, 12, 8],
                "\(mlp).experts.b2": [4, 8],
            ]) + gate(),
            roles: [
                "\(mlp).experts.w1": (.upWeight, .rowsAreInputs), "\(mlp).experts.b1": (.upBias, .none),
                "\(mlp).experts.b2": (.downBias, .none),
            ]),
    ]

    static let keras: [LayoutExample] = [
        LayoutExample(
            "keras, sequential experts", .mlp, path: "layers.mo_e_3",
            [("", 0), ("_1", 1), ("_2", 2), ("_3", 3)].flatMap { suffix, _ in
                Checkpoints.tensors([
                    "layers.mo_e_3.experts.sequential\(suffix).layers.dense.vars.0": [8, 12],
                    "layers.mo_e_3.experts.sequential\(suffix).layers.dense.vars.1": [12],
                    "layers.mo_e_3.experts.sequential\(suffix).layers.dense_1.vars.0": [12, 8],
                    "layers.mo_e_3.experts.sequential\(suffix).layers.dense_1.vars.1": [8],
                ])
            } + gate("layers.mo_e_3.router.vars.0", [8, 4]),
            roles: [
                "layers.mo_e_3.experts.sequential_2.layers.dense.vars.0": (.upWeight, .rowsAreInputs),
                "layers.mo_e_3.experts.sequential.layers.dense_1.vars.1": (.downBias, .none),
            ]),
        LayoutExample(
            "keras, dense experts", .linear, path: "layers.mo_e_3",
            ["", "_1", "_2", "_3"].flatMap {
                Checkpoints.tensors([
                    "layers.mo_e_3.experts.dense\($0).vars.0": [8, 8], "layers.mo_e_3.experts.dense\($0).vars.1": [8],
                ])
            } + gate("layers.mo_e_3.gate.vars.0", [8, 4]),
            roles: ["layers.mo_e_3.experts.dense_1.vars.0": (.expertWeight, .rowsAreInputs)]),
        LayoutExample(
            "kerashub mixtral", .gated, path: "layers.mixtral_transformer_decoder_3._sparse_moe_block",
            Checkpoints.tensors([
                "layers.mixtral_transformer_decoder_3._sparse_moe_block._sparse_feedforward_gate_dense.vars.0": [8, 4],
                "layers.mixtral_transformer_decoder_3._sparse_moe_block.expert_bank.vars.0": [4, 8, 12],
                "layers.mixtral_transformer_decoder_3._sparse_moe_block.expert_bank.vars.1": [4, 8, 12],
                "layers.mixtral_transformer_decoder_3._sparse_moe_block.expert_bank.vars.2": [4, 12, 8],
            ]),
            roles: [
                "layers.mixtral_transformer_decoder_3._sparse_moe_block.expert_bank.vars.1": (.upWeight, .rowsAreInputs)
            ]),
        LayoutExample(
            "kerashub gpt-oss", .gated, path: "layers.gpt_oss_transformer_decoder_3.sparse_moe_block",
            Checkpoints.tensors([
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.router.router_dense.vars.0": [8, 4],
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.router.router_dense.vars.1": [4],
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.0": [4, 8, 24],
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.1": [4, 24],
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.2": [4, 12, 8],
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.3": [4, 8],
            ]),
            roles: [
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.1": (.gateUpHalvesBias, .none),
                "layers.gpt_oss_transformer_decoder_3.sparse_moe_block.experts.vars.2": (.downWeight, .rowsAreInputs),
            ]),
        LayoutExample(
            "keras, variables of the layer", .mlp, path: "layers.mo_e_3",
            Checkpoints.tensors([
                "layers.mo_e_3.vars.0": [8, 4], "layers.mo_e_3.vars.1": [4, 8, 12], "layers.mo_e_3.vars.2": [4, 12],
                "layers.mo_e_3.vars.3": [4, 12, 8], "layers.mo_e_3.vars.4": [4, 8],
            ]),
            roles: [
                "layers.mo_e_3.vars.0": (.routerWeight, .rowsAreInputs), "layers.mo_e_3.vars.4": (.downBias, .none),
            ]),
    ]

    @Test func squareMatricesLieAsTheirLayoutHasThem() throws {
        let torch =
            Checkpoints.experts(4, ["m.experts.{e}.fc1.weight": [8, 8], "m.experts.{e}.fc2.weight": [8, 8]])
            + Self.gate("m.gate.weight")
        let keras =
            ["", "_1", "_2", "_3"].flatMap {
                Checkpoints.tensors([
                    "layers.m.experts.e\($0).up.vars.0": [8, 8], "layers.m.experts.e\($0).down.vars.0": [8, 8],
                ])
            } + Self.gate("layers.m.gate.vars.0", [8, 4])
        #expect(try Recognition(of: torch).placements[0].orientation == .rowsAreOutputs)
        #expect(try Recognition(of: keras).placements[0].orientation == .rowsAreInputs)
    }

    @Test func attentionOfExpertsIsNoLayer() throws {
        let tensors =
            Checkpoints.mixtral
            + Checkpoints.tensors([
                "model.layers.3.self_attention.experts.input_linear.weight": [4, 12, 8],
                "model.layers.3.self_attention.experts.output_linear.weight": [4, 8, 12],
                "model.layers.3.self_attention.experts.router.layer.weight": [4, 8],
            ])
        #expect(try Recognition(of: tensors).banks.count == 1)
    }

    @Test func everyTensorOfDeepSeekV3IsPlaced() throws {
        let tensors = Checkpoints.deepSeekV3
        let config: JSONValue = [
            "model_type": "deepseek_v3", "num_experts_per_tok": 8, "n_routed_experts": 256,
            "quantization_config": ["quant_method": "fp8", "weight_block_size": [128, 128]],
        ]
        let recognition = try Recognition(of: tensors, config: config)
        #expect(recognition.banks.count == 58)
        #expect(
            recognition.placements.filter { $0.role == .gateWeight && $0.scheme == 1 && $0.scale != nil }.count == 58
                * 256)
        #expect(recognition.model.quantization == [QuantizationScheme(.f8E4M3, blockRows: 128, blockColumns: 128)])
        #expect(recognition.unrecognized == [])
    }
}
