import MoEFormat

/// A tensor made from one of a checkpoint: all of it or a part, in its own type or another.
struct TensorView: Equatable, Sendable {
    /// The tensor of the checkpoint.
    var base: Int
    /// The elements that stay: of each of `outer` runs of `length` elements those in `kept`.
    var length: UInt64
    var kept: Range<UInt64>
    /// The type that elements are cast to; nil leaves them as they are.
    var cast: Dtype?

    /// The whole tensor.
    init(_ base: Int, elements: UInt64) {
        self.base = base
        length = elements
        kept = 0..<elements
    }

    var isWhole: Bool { kept == 0..<length }
    /// Whether the view is the tensor.
    var isIdentity: Bool { isWhole && cast == nil }

    /// The runs of the base's elements that make a range of the view's, in order.
    func runs(of elements: Range<UInt64>) -> [Range<UInt64>] {
        guard !isWhole, !elements.isEmpty else { return elements.isEmpty ? [] : [elements] }
        let share = UInt64(kept.count)
        var runs: [Range<UInt64>] = []
        var position = elements.lowerBound
        while position < elements.upperBound {
            let (run, offset) = position.quotientAndRemainder(dividingBy: share)
            let count = min(share - offset, elements.upperBound - position)
            let start = run * length + kept.lowerBound + offset
            runs.append(start..<start + count)
            position += count
        }
        return runs
    }
}
