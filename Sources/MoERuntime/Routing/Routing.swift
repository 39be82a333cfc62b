/// Which experts a layer uses for each token, and with what weights.
///
/// Both tables are in rank order: the greatest weight first, equal ones in the order of choice, which takes the best
/// selection score first and the lower index among equals. A layer that uses all experts lists them by index. Expert
/// choice may give a token no expert at all.
public struct Routing: Hashable, Sendable {
    /// The chosen expert ids of each token. An identity expert's id is at least the number of experts with weights.
    public var experts: PerToken<Int> { PerToken(values: expertIDs.map { Int($0) }, ends: ends) }

    /// The weight of each choice; 0 for one that was dropped for lack of capacity.
    public var weights: PerToken<Float> { PerToken(values: choiceWeights, ends: ends) }

    /// The number of tokens.
    public var tokenCount: Int { ends.count }

    /// One entry a choice, token by token.
    package internal(set) var expertIDs: [Int32]
    package internal(set) var choiceWeights: [Float]
    /// Where each token's choices end in the two arrays above.
    package internal(set) var ends: [Int]
    /// The weights of shared experts that the router scores: [tokens, shared]; empty otherwise.
    package internal(set) var sharedWeights: [Float]

    init(tokens: Int, choicesPerToken: Int, sharedPerToken: Int = 0) {
        expertIDs = []
        choiceWeights = []
        ends = []
        sharedWeights = []
        expertIDs.reserveCapacity(tokens * choicesPerToken)
        choiceWeights.reserveCapacity(tokens * choicesPerToken)
        ends.reserveCapacity(tokens)
        sharedWeights.reserveCapacity(tokens * sharedPerToken)
    }

    /// The choices of one token, as positions in the flat arrays.
    package func choices(of token: Int) -> Range<Int> {
        (token == 0 ? 0 : ends[token - 1])..<ends[token]
    }

    mutating func append(_ choices: [Choice]) {
        for choice in choices {
            expertIDs.append(Int32(choice.expert))
            choiceWeights.append(Float(choice.weight))
        }
        ends.append(expertIDs.count)
    }
}
