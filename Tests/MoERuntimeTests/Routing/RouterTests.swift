import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// The router engine, one rule of SPEC.md §9.2 at a time, and what it does with nonsense.
@Suite struct RouterTests {
    @Test(arguments: RoutingRule.all)
    func followsTheRule(_ rule: RoutingRule) throws {
        let routing = try rule.makeRouter().route(rule.x.flatMap { $0 }, tokens: rule.x.count, options: rule.options)
        #expect(Array(routing.experts) == rule.chosen)
        for (ours, theirs) in zip(routing.weights, rule.weights) {
            #expect(ours.count == theirs.count)
            for (a, b) in zip(ours, theirs) { #expect(abs(a - b) <= 2e-6 * max(1, abs(b))) }
        }
        for (a, b) in zip(routing.sharedWeights, (rule.shared ?? []).flatMap { $0 }) { #expect(abs(a - b) <= 2e-6) }
        #expect(routing.sharedWeights.count == (rule.shared ?? []).count * (rule.shared?[0].count ?? 0))
    }

    @Test(arguments: RoutingRule.all.filter { $0.capacity != true && $0.name != "expert_choice" })
    func doesNotDependOnTheBatch(_ rule: RoutingRule) throws {
        let router = try rule.makeRouter()
        let whole = try router.route(rule.x.flatMap { $0 }, tokens: rule.x.count, options: rule.options)
        for (token, row) in rule.x.enumerated() {
            var options = rule.options
            options.tokenIDs = rule.token_ids.map { [$0[token]] }
            let alone = try router.route(row, tokens: 1, options: options)
            #expect(alone.experts[0] == whole.experts[token])
            #expect(alone.weights[0].map(\.bitPattern) == whole.weights[token].map(\.bitPattern))
        }
    }

    /// The router of a plain layer whose logits are its input, with `bias` added.
    private func router(_ description: RouterDescription, experts: Int, bias: [Float]? = nil) throws -> Router {
        let identity = (0..<experts).map { row in (0..<experts).map { $0 == row ? Float(1) : 0 } }
        var parts = [StoredPart.matrix(.routerWeight, identity)]
        if let bias { parts.append(.vector(.routerBias, bias)) }
        let tensors = try RouterTensors(parts, router: description, experts: experts, hidden: experts, name: "test")
        return try Router(description, tensors: tensors, experts: experts, hiddenSize: experts, name: "test")
    }

    @Test func tiesGoToTheLowerIndex() throws {
        for score in [RouterDescription.Score.softmax, .sigmoid, .softmaxOfChosen, .sqrtSoftplus] {
            let router = try router(RouterDescription(.topK, topK: 3, score: score), experts: 6)
            let routing = try router.route([1, 2, 2, 1, 2, 1], tokens: 1)
            #expect(routing.experts[0] == [1, 2, 4])
            #expect(try router.route([Float](repeating: 0.5, count: 6), tokens: 1).experts[0] == [0, 1, 2])
        }
    }

    static let nonsense: [[Float]] = [
        [.nan, 1, 2, 3], [.infinity, .infinity, 0, 0], [Float](repeating: -.infinity, count: 4),
        [Float](repeating: .nan, count: 4), [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, 0, .nan],
    ]

    @Test(arguments: nonsense)
    func nonsenseGivesADefinedChoice(_ logits: [Float]) throws {
        let scores: [RouterDescription.Score] = [
            .softmax, .sigmoid, .sqrtSoftplus, .softmaxOfChosen, .sigmoidOfChosen, .sparsemixer, .logSigmoidNormalized,
        ]
        for score in scores {
            for grouped in [false, true] {
                var description = RouterDescription(.topK, topK: 2, score: score)
                if grouped {
                    description.groups = .init(count: 2, kept: 1, score: .sumOfTop2, fill: .negativeInfinity)
                }
                let router = try router(description, experts: 4, bias: logits)
                let first = try router.route([0, 0, 0, 0], tokens: 1)
                let second = try router.route([0, 0, 0, 0], tokens: 1)
                #expect(first.experts[0].count == 2 && first.experts == second.experts)
                #expect(Set(first.experts[0]).count == 2)
            }
        }
        // NaN comes last where scores are compared one by one.
        let router = try router(
            RouterDescription(.topK, topK: 1, score: .sigmoid), experts: 4, bias: [.nan, -3, .nan, -2])
        #expect(try router.route([0, 0, 0, 0], tokens: 1).experts[0] == [3])
    }

    @Test func topTakesTheBestInOrderForEveryCount() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        let noise = GateNoise(seed: seed, layer: 0)
        let scores = (0..<100).map { (noise.sample(token: $0, row: 0) * 4).rounded() / 4 }
        let sorted = scores.indices.sorted { (-scores[$0], $0) < (-scores[$1], $1) }
        for count in 0...100 {
            #expect(RankOrder.top(count, of: scores) == Array(sorted.prefix(count)), "seed \(seed)")
        }
    }

    /// As a file may describe it: the worst scores for who keeps the best so far, and as many groups as experts.
    @Test func manyChoicesOfManyExpertsTakeNoLongerThanSorting() throws {
        let experts = 1 << 16
        let scores = (0..<experts).map { Double($0) }
        #expect(RankOrder.top(experts / 5, of: scores) == Array((0..<experts).reversed().prefix(experts / 5)))
        var limited = scores
        let groups = RouterDescription.Groups(count: experts, kept: experts / 2, score: .max, fill: .zero)
        groups.limit(&limited)
        #expect(limited == scores.map { $0 < Double(experts / 2) ? 0 : $0 })
    }

    /// Choices that come in the opposite order of their weights, many and few, are put into one order; equal ones stay.
    @Test(arguments: [3, 64, 65, 1000]) func choicesAreRankedByWeight(count: Int) throws {
        let router = try router(RouterDescription(.topK, topK: 1), experts: 4)
        var choices = (0..<count).map { Choice(expert: $0, score: 0, weight: Double($0 / 2)) }
        RouterDescription(.topK, topK: 1).finish(&choices, tensors: router.tensors, countingDropped: true)
        let expected = (0..<count).sorted { ($1 / 2, $0) < ($0 / 2, $1) }
        #expect(choices.map(\.expert) == expected)
    }

    /// A file may name more choices a token than there is memory for.
    @Test func moreChoicesThanMemoryAreRefused() throws {
        let router = try router(RouterDescription(.topK, topK: 1 << 40), experts: 4)
        #expect { try router.route([0, 0, 0, 0], tokens: 1) } throws: { ($0 as? FormatError)?.kind == .limit }
    }

    @Test func refusesInputOfAnotherLength() throws {
        let router = try router(RouterDescription(.topK, topK: 1), experts: 4)
        #expect { try router.route([1, 2, 3], tokens: 1) } throws: { ($0 as? FormatError)?.kind == .usage }
        #expect { try router.route([], tokens: -1) } throws: { ($0 as? FormatError)?.kind == .usage }
        #expect { try router.route([], tokens: .max) } throws: { ($0 as? FormatError)?.kind == .usage }
        #expect(try router.route([], tokens: 0).tokenCount == 0)
    }

    @Test func tokenIdsAreNeededAndChecked() throws {
        let rule = try #require(RoutingRule.all.first { $0.name == "hash" })
        let router = try rule.makeRouter()
        let x = rule.x.flatMap { $0 }
        var options = RoutingOptions()
        #expect { try router.route(x, tokens: rule.x.count, options: options) } throws: {
            ($0 as? FormatError)?.kind == .usage
        }
        options.tokenIDs = [Int](repeating: 20, count: rule.x.count)
        #expect { try router.route(x, tokens: rule.x.count, options: options) } throws: {
            ($0 as? FormatError)?.kind == .usage
        }
        options.tokenIDs = [Int](repeating: -1, count: rule.x.count)
        #expect { try router.route(x, tokens: rule.x.count, options: options) } throws: {
            ($0 as? FormatError)?.kind == .usage
        }
    }

    @Test func aTableThatNamesNoExpertIsDamage() throws {
        var rule = try #require(RoutingRule.all.first { $0.name == "hash" })
        rule.token_experts = [[0, 1, 16]]
        let router = try rule.makeRouter()
        var options = RoutingOptions()
        options.tokenIDs = [0]
        #expect { try router.route(rule.x[0], tokens: 1, options: options) } throws: {
            ($0 as? FormatError)?.rule == Rule(rawValue: 28)
        }
    }

    @Test func anUnsupportedRouterIsRefusedWithItsReason() throws {
        let description = RouterDescription.unsupported("product keys")
        #expect { try Router.checkSupported(description, name: "layer 3") } throws: { error in
            let error = error as? FormatError
            return error?.kind == .unsupported && error?.message.contains("product keys") == true
        }
    }
}
