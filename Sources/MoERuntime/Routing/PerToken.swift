/// A short row of values for each token.
public struct PerToken<Value: Hashable & Sendable>: RandomAccessCollection, Hashable, Sendable {
    let values: [Value]
    let ends: [Int]

    public var startIndex: Int { 0 }
    public var endIndex: Int { ends.count }

    /// The token's values, in rank order.
    public subscript(token: Int) -> [Value] {
        Array(values[(token == 0 ? 0 : ends[token - 1])..<ends[token]])
    }
}

extension PerToken: CustomStringConvertible {
    public var description: String { "\(Array(self))" }
}
