package import MoEFormat
package import MoESystem

/// Executes a router description: hidden states to chosen experts and weights.
///
/// One engine for all families: every difference between them is in the description and the tensors. Logits are f32 sums
/// in the kernels' fixed order; all after that is double precision, and weights are rounded to f32 at the end. A token's
/// routing does not depend on its batch, expert choice and capacity excepted.
package struct Router: Sendable {
    let description: RouterDescription
    let tensors: RouterTensors
    /// Experts with weights.
    let experts: Int
    let hiddenSize: Int
    private let gate: Gate
    private let groupGate: Gate?
    private let name: String

    /// Logits that are held at once, but for those of one token.
    private static let tileLogits = 1 << 18

    private var choices: Int { experts + description.identityExperts }

    /// - Parameter name: the layer, for messages.
    /// - Throws: `FormatError` of kind `unsupported` for a router outside the described kinds.
    package init(
        _ description: RouterDescription, tensors: RouterTensors, experts: Int, hiddenSize: Int, name: String
    ) throws(FormatError) {
        try Self.checkSupported(description, name: name)
        self.description = description
        self.tensors = tensors
        self.experts = experts
        self.hiddenSize = hiddenSize
        self.name = name
        gate = Gate(
            description: description, weight: tensors.weight, bias: tensors.bias, noiseWeight: tensors.noiseWeight,
            noiseRow: 0)
        groupGate = tensors.groupWeight.map {
            Gate(
                description: description, weight: $0, bias: [], noiseWeight: tensors.groupNoiseWeight,
                noiseRow: experts + description.identityExperts + description.sharedInRouter)
        }
    }

    /// Refuses what no reader can run, before any tensor is read.
    ///
    /// - Throws: `FormatError` of kind `unsupported`.
    package static func checkSupported(_ router: RouterDescription, name: String) throws(FormatError) {
        if router.kind == .unsupported {
            throw .unsupported("the router of \(name) cannot be run: \(router.reason ?? "no reason is given")")
        }
        if router.score == .sparsemixer, router.kind != .topK {
            throw .unsupported("the router of \(name) cannot be run: sparsemixer with kind \(router.kind.rawValue)")
        }
        let sharedScores: [RouterDescription.Score] = [.logSigmoidNormalized, .sigmoid, .sigmoidOfChosen]
        if router.sharedInRouter > 0, !sharedScores.contains(router.score) {
            throw .unsupported("the router of \(name) cannot be run: score \(router.score.rawValue) of shared experts")
        }
    }

    /// Routes `tokens` rows of `hidden`, [tokens, hidden size] row-major.
    ///
    /// - Throws: `usage` when `hidden` has another length or token ids are missing or outside the table.
    package func route(
        _ hidden: [Float], tokens: Int, options: RoutingOptions = RoutingOptions(), workers: Workers = Workers(1)
    ) throws(FormatError) -> Routing {
        let (count, overflow) = tokens.multipliedReportingOverflow(by: hiddenSize)
        guard tokens >= 0, !overflow, hidden.count == count else {
            throw .usage("\(name) takes \(hiddenSize) values a token; \(hidden.count) are not \(tokens) tokens")
        }
        if description.kind == .hash, options.tokenIDs?.count != tokens {
            throw .usage(
                "\(name) is routed by token id: \(tokens) token ids are needed, \(options.tokenIDs?.count ?? 0) given")
        }
        let capacity = options.appliesCapacity && description.kind != .expertChoice ? description.capacity : nil
        let looksAcrossTokens = capacity != nil || description.kind == .expertChoice
        try checkMemory(tokens: tokens, waiting: looksAcrossTokens)
        var routing = Routing(
            tokens: tokens, choicesPerToken: choicesPerToken, sharedPerToken: description.sharedInRouter)
        let tileTokens = max(1, Self.tileLogits / max(1, choices + description.sharedInRouter))
        var waiting: [[Choice]] = []
        var first = 0
        while first < tokens {
            let tile = first..<min(tokens, first + tileTokens)
            for token in try tokenChoices(hidden, tile: tile, options: options, workers: workers) {
                routing.sharedWeights += token.shared.map {
                    Float($0 * description.scale * Double(tensors.globalScale))
                }
                if looksAcrossTokens {
                    waiting.append(token.choices)
                } else {
                    routing.append(finished(token.choices, countingDropped: true))
                }
            }
            first = tile.upperBound
        }
        if description.kind == .expertChoice {
            ExpertChoice.keepBest(&waiting, places: expertChoicePlaces(tokens: tokens), choices: choices)
        }
        capacity?.drop(&waiting, experts: experts)
        let countsDropped = capacity?.renormalize != .after
        for choices in waiting { routing.append(finished(choices, countingDropped: countsDropped)) }
        return routing
    }

    /// Choices that a token has at the end.
    private var choicesPerToken: Int {
        switch description.kind {
        case .all: choices
        case .hierarchical: description.groupTopK * description.topK
        default: description.topK
        }
    }

    /// Refuses more choices than there is memory for: how many a token has is the file's word.
    private func checkMemory(tokens: Int, waiting: Bool) throws(FormatError) {
        let kept = choicesPerToken * (MemoryLayout<Int32>.size + MemoryLayout<Float>.size)
        let held = (description.kind == .expertChoice ? choices : choicesPerToken) * MemoryLayout<Choice>.stride
        guard let bytes = tokens *? (kept + (waiting ? held : 0)) else {
            throw .limit("\(tokens) tokens of \(name) have more choices than can be counted")
        }
        try FormatError.checkMemory(bytes)
    }

    private func finished(_ choices: [Choice], countingDropped: Bool) -> [Choice] {
        var choices = choices
        description.finish(&choices, tensors: tensors, countingDropped: countingDropped)
        return choices
    }

    /// Tokens that each expert takes in expert choice: its capacity, or tokens · top-k / experts.
    private func expertChoicePlaces(tokens: Int) -> Int {
        let capacity =
            description.capacity ?? RouterDescription.Capacity(rule: .factor, factor: Double(description.topK))
        return min(tokens, capacity.limit(tokens: tokens, experts: choices))
    }

    private struct TokenChoices {
        var choices: [Choice]
        /// Raw weights of the shared rows.
        var shared: [Double]
    }

    /// The choices of a tile of tokens, with raw weights.
    private func tokenChoices(
        _ hidden: [Float], tile: Range<Int>, options: RoutingOptions, workers: Workers
    ) throws(FormatError) -> [TokenChoices] {
        let x = gateInput(hidden, tokens: tile)
        let noise = options.noiseSeed.map { GateNoise(seed: $0, layer: options.layer) }
        let firstToken = options.firstToken &+ tile.lowerBound
        let logits = gate.logits(x, tokens: tile.count, firstToken: firstToken, noise: noise, workers: workers)
        let groupLogits =
            groupGate?.logits(x, tokens: tile.count, firstToken: firstToken, noise: noise, workers: workers) ?? []
        var result: [TokenChoices] = []
        result.reserveCapacity(tile.count)
        for token in tile.indices {
            let row = logits[token - tile.lowerBound]
            let shared = Array(row.dropFirst(choices))
            let routed = shared.isEmpty ? row : Array(row.prefix(choices))
            switch description.kind {
            case .hierarchical:
                let groups = groupLogits.isEmpty ? [] : groupLogits[token - tile.lowerBound]
                result.append(TokenChoices(choices: hierarchicalChoices(routed, groups: groups), shared: []))
            case .hash:
                let id = options.tokenIDs?[token] ?? -1
                let ids = try tensors.tokenExperts?.experts(of: id, choices: choices).map { Int($0) } ?? []
                result.append(weighted(ids, logits: routed, shared: shared))
            case .all, .expertChoice, .unsupported:
                result.append(weighted(Array(0..<choices), logits: routed, shared: shared))
            case .topK where description.score == .sparsemixer:
                let choices = SparseMixer.choose(description.topK, logits: routed, jitter: description.jitter)
                result.append(TokenChoices(choices: choices, shared: []))
            case .topK:
                let selection = selectionScores(routed)
                result.append(weighted(RankOrder.top(description.topK, of: selection), logits: routed, shared: shared))
            }
        }
        return result
    }

    /// What the choice goes by: scores with the selection bias, groups applied.
    private func selectionScores(_ logits: [Double]) -> [Double] {
        var selection: [Double]
        switch description.selectionBias {
        case .none: selection = RouterScores.selection(description.score, logits)
        case .logit: selection = RouterScores.selection(description.score, biased(logits))
        case .score: selection = biased(RouterScores.selection(description.score, logits))
        }
        description.groups?.limit(&selection)
        return selection
    }

    private func biased(_ values: [Double]) -> [Double] {
        zip(values, tensors.selectionBias).map { $0 + Double($1) }
    }

    /// The chosen ids with their weights, in the order given.
    private func weighted(_ ids: [Int], logits: [Double], shared: [Double]) -> TokenChoices {
        let scores = RouterScores.selection(description.score, logits)
        let weights = RouterScores.weights(
            description.score, scores: ids.map { scores[$0] }, logits: ids.map { logits[$0] }, shared: shared)
        let choices = zip(ids, weights.chosen).map { Choice(expert: $0, score: scores[$0], weight: $1) }
        return TokenChoices(choices: choices, shared: weights.shared)
    }

    /// A first gate chooses groups, the second one experts within each; the weight is the product.
    private func hierarchicalChoices(_ logits: [Double], groups: [Double]) -> [Choice] {
        let size = max(1, description.groupSize)
        func choose(_ count: Int, _ logits: [Double]) -> [Choice] {
            let scores = RouterScores.selection(description.score, logits)
            let ids = RankOrder.top(count, of: scores)
            let weights = RouterScores.weights(
                description.score, scores: ids.map { scores[$0] }, logits: ids.map { logits[$0] }, shared: [])
            return zip(ids, weights.chosen).map { Choice(expert: $0, score: scores[$0], weight: $1) }
        }
        var result: [Choice] = []
        for group in choose(description.groupTopK, groups) {
            let first = group.expert * size
            for expert in choose(description.topK, Array(logits[first..<min(first + size, logits.count)])) {
                let product = group.weight * expert.weight
                result.append(Choice(expert: first + expert.expert, score: product, weight: product))
            }
        }
        return result
    }
}
