internal import MoEFormat

/// The experts of each token id, for layers that are routed by a table instead of by scores.
struct TokenExpertTable: Sendable {
    /// [vocabulary, top-k]
    private let ids: [Int32]
    private let topK: Int
    private let name: String

    var byteCount: Int { ids.count * MemoryLayout<Int32>.size }

    /// - Throws: `FormatError` by R28 unless the rows hold `topK` integers; an id that does not fit becomes −1 and is
    ///   refused when a token asks for it.
    init(_ part: StoredMatrix, topK: Int, name: String) throws(FormatError) {
        self.topK = topK
        self.name = name
        guard topK > 0, part.rowLength == topK, part.elements.isComplete, part.scheme == nil else {
            throw .mismatch("token_expert_table of \(name) has rows of \(part.rowLength) ids, not \(topK)")
        }
        try FormatError.checkMemory(part.elements.count *? MemoryLayout<Int32>.size ?? .max)
        guard let ids = part.elements.integers() else {
            throw .mismatch("token_expert_table of \(name) has dtype \(part.elements.dtype), not integers")
        }
        self.ids = ids
    }

    /// The expert ids of a token, in rank order.
    ///
    /// - Throws: `usage` for a token id outside the table, R28 for a row with an id outside `0 ..< choices`.
    func experts(of token: Int, choices: Int) throws(FormatError) -> ArraySlice<Int32> {
        guard token >= 0, token < ids.count / topK else {
            throw .usage("token id \(token) is outside the \(ids.count / topK) that \(name) routes")
        }
        let row = ids[(token * topK)..<((token + 1) * topK)]
        guard row.allSatisfy({ $0 >= 0 && $0 < choices }) else {
            throw .mismatch(
                "token_expert_table of \(name) names expert \(row.max() ?? -1) of \(choices) for token id \(token)")
        }
        return row
    }
}
