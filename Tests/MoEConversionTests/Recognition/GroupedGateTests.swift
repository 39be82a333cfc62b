import MoEFormat
import Testing

@testable import MoEConversion

/// Layers whose groups of experts have a module and a gate each, behind a gate that chooses among groups.
@Suite struct GroupedGateTests {
    private static let config: JSONValue = [
        "num_groups": 12, "experts_per_group": 2, "top_k_groups": 3, "top_k": 1, "noisy_gating": true,
    ]

    /// Twelve groups of two experts: names sort `groups.10` before `groups.2`.
    private static func tensors(in container: String = "groups", gate: String = "w_gate", noise: String = "w_noise")
        -> [SourceTensor]
    {
        let groups = (0..<12).flatMap { group in
            Checkpoints.experts(
                2,
                [
                    "moe.\(container).\(group).experts.{e}.fc1.weight": [12, 8],
                    "moe.\(container).\(group).experts.{e}.fc2.weight": [8, 12],
                ])
                + Checkpoints.tensors([
                    "moe.\(container).\(group).\(gate)": [8, 2], "moe.\(container).\(group).\(noise)": [8, 2],
                ])
        }
        return (groups + Checkpoints.tensors(["moe.\(gate)": [8, 12], "moe.\(noise)": [8, 12]])).sorted {
            $0.name < $1.name
        }
    }

    private func router(_ recognition: Recognition) -> RouterDescription {
        recognition.model.routers[recognition.model.layers[0].router]
    }

    private func plan(_ tensors: [SourceTensor], _ recognition: Recognition) -> ConversionPlan {
        ConversionPlan(tensors, aliases: [], recognition: recognition, configuration: nil)
    }

    @Test(
        arguments: [
            ("groups", "w_gate", "w_noise"), ("experts_groups", "gate.weight", "noise.weight"),
            ("expert_groups", "router", "w_noise"),
        ], ["/", "."])
    func groupsAreOneLayerInNumericOrder(
        _ spelling: (container: String, gate: String, noise: String), _ separator: String
    ) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        let dotted = Self.tensors(in: spelling.container, gate: spelling.gate, noise: spelling.noise).shuffled(
            using: &random)
        let tensors = dotted.map {
            SourceTensor(name: $0.name.replacing(".", with: separator), dtype: $0.dtype, shape: $0.shape)
        }
        let recognition = try Recognition(of: tensors, config: Self.config)
        try PlacementInvariants.check(recognition, of: tensors)
        #expect(
            recognition.banks.map(\.path) == ["moe"] && recognition.banks[0].expertCount == 24
                && recognition.banks[0].layer == 0)
        #expect(recognition.unrecognized == [] && recognition.warnings == [])
        let router = self.router(recognition)
        #expect(router.kind == .hierarchical && router.groupSize == 2 && router.groupTopK == 3 && router.topK == 1)
        #expect(router.score == .softmaxOfChosen && router.noise == .softplus)

        let plan = self.plan(dotted, recognition)
        let block = try #require(plan.blocks.first { $0.kind == .router })
        func names(of role: Role) -> [String] { block.parts.filter { $0.role == role }.map { dotted[$0.tensor].name } }
        #expect(
            names(of: .routerWeight) == (0..<12).map { "moe.\(spelling.container).\($0).\(spelling.gate)" },
            "seed \(seed)")
        #expect(
            names(of: .routerNoiseWeight) == (0..<12).map { "moe.\(spelling.container).\($0).\(spelling.noise)" },
            "seed \(seed)")
        #expect(
            names(of: .groupRouterWeight) == ["moe.\(spelling.gate)"]
                && names(of: .groupRouterNoiseWeight) == ["moe.\(spelling.noise)"])
        #expect(block.parts.allSatisfy { $0.orientation == .rowsAreInputs })
        for expert in plan.blocks where expert.kind == .expert {
            let number = try #require(expert.expert)
            let path = "moe.\(spelling.container).\(number / 2).experts.\(number % 2)."
            #expect(expert.parts.allSatisfy { dotted[$0.tensor].name.hasPrefix(path) }, "expert \(number)")
        }
    }

    @Test func withoutAConfigurationEveryExpertOfEveryGroupIsUsed() throws {
        let router = self.router(try Recognition(of: Self.tensors()))
        #expect(router.kind == .hierarchical && router.groupTopK == 12 && router.topK == 2)
    }

    /// A module that is called so is no group of experts without a gate that chooses among them.
    @Test func withoutAFirstGateEveryGroupIsALayer() throws {
        let tensors = Self.tensors().filter { $0.name != "moe.w_gate" }
        #expect(try Recognition(of: tensors, config: Self.config).banks.count == 12)
    }

    @Test(arguments: ["moe.groups.10.w_gate", "moe.groups.3.w_noise"])
    func aGateThatIsMissingMakesTheLayerUnsupported(_ name: String) throws {
        let tensors = Self.tensors().filter { $0.name != name }
        let recognition = try Recognition(of: tensors, config: Self.config)
        try PlacementInvariants.check(recognition, of: tensors)
        #expect(recognition.banks.map(\.expertCount) == [24])
        #expect(router(recognition).kind == .unsupported && router(recognition).reason?.contains("12 groups") == true)
        #expect(recognition.placements.allSatisfy { $0.role != .routerWeight && $0.role != .routerNoiseWeight })
    }

    @Test func whatAGroupHasBesideItsGateIsNotIgnored() throws {
        let tensors = Self.tensors() + Checkpoints.tensors(["moe.groups.0.shared_experts.fc1.weight": [12, 8]])
        #expect(router(try Recognition(of: tensors, config: Self.config)).reason?.contains("of its group 0") == true)
        let counters = Self.tensors() + Checkpoints.tensors(["moe.groups.0.mean": [1], "moe.std": [1]])
        #expect(router(try Recognition(of: counters, config: Self.config)).kind == .hierarchical)
        let biased = Self.tensors(gate: "gate.weight") + Checkpoints.tensors(["moe.gate.bias": [12]])
        #expect(router(try Recognition(of: biased, config: Self.config)).reason?.contains("bias") == true)
    }

    @Test func biasesLieByGroupToo() throws {
        let tensors =
            Self.tensors(gate: "gate.weight")
            + (0..<12).map { SourceTensor(name: "moe.groups.\($0).gate.bias", dtype: .f32, shape: [2]) }
        let recognition = try Recognition(of: tensors, config: Self.config)
        #expect(router(recognition).kind == .hierarchical)
        let block = try #require(plan(tensors, recognition).blocks.first { $0.kind == .router })
        let biases = block.parts.filter { $0.role == .routerBias }.map { tensors[$0.tensor].name }
        #expect(biases == (0..<12).map { "moe.groups.\($0).gate.bias" })
    }

    @Test func aRoutingGivenThatKnowsNoGroupsIsRefused() throws {
        let plain: JSONValue = ["kind": "top_k", "top_k": 2, "score": "softmax"]
        // A first gate makes plain top-k hierarchical; expert choice has no use for it.
        let hierarchical = try Recognition(of: Self.tensors(), config: nil, options: .init(router: plain))
        #expect(router(hierarchical).kind == .hierarchical && router(hierarchical).groupTopK == 2)
        let capacity: JSONValue = ["rule": "factor", "factor": 2]
        let choice: JSONValue = ["kind": "expert_choice", "score": "softmax", "capacity": capacity]
        let other: JSONValue = [
            "kind": "hierarchical", "top_k": 1, "group_top_k": 1, "group_size": 3, "score": "softmax",
        ]
        for given in [choice, other] {
            let recognition = try Recognition(of: Self.tensors(), config: nil, options: .init(router: given))
            try PlacementInvariants.check(recognition, of: Self.tensors())
            #expect(router(recognition).kind == .unsupported)
        }
    }

    /// A map's patterns say nothing about groups: their gates come in the natural order of the names.
    @Test func mappedGatesComeInNumericOrder() throws {
        let map = try TensorMap(
            parsing: Array(
                #"""
                {"bank": "moe", "tensors": [
                  {"match": "moe.first", "role": "group_router_weight", "orientation": "rows_are_inputs"},
                  {"match": "moe.second_*", "role": "router_weight", "orientation": "rows_are_inputs"},
                  {"match": "moe.e{expert}.a", "role": "up_weight"},
                  {"match": "moe.e{expert}.b", "role": "down_weight"}],
                 "router": {"kind": "hierarchical", "top_k": 1, "group_top_k": 2, "group_size": 2, "score": "softmax"},
                 "expert_function": {"kind": "mlp", "activation": "relu"}}
                """#.utf8))
        let tensors =
            (Checkpoints.experts(24, ["moe.e{e}.a": [12, 8], "moe.e{e}.b": [8, 12]])
            + (0..<12).map { SourceTensor(name: "moe.second_\($0)", dtype: .f32, shape: [8, 2]) }
            + Checkpoints.tensors(["moe.first": [8, 12]])).sorted { $0.name < $1.name }
        let recognition = try Recognition(of: tensors, options: .init(map: map))
        try PlacementInvariants.check(recognition, of: tensors)
        let block = try #require(plan(tensors, recognition).blocks.first { $0.kind == .router })
        let gates = block.parts.filter { $0.role == .routerWeight }.map { tensors[$0.tensor].name }
        #expect(gates == (0..<12).map { "moe.second_\($0)" })
    }
}
