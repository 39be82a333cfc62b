/// The hits of a cache that knows the future: what is used farthest ahead goes first (Belady 1966), and what is used later
/// than everything kept is not kept at all.
enum BeladyBound {
    /// The blocks that a step uses, with their sizes.
    typealias Step = [(block: Int, bytes: Int)]

    /// - Complexity: O(uses · blocks kept).
    static func hits(_ steps: [Step], budget: Int) -> Int {
        // For each use, the step of the block's next one.
        var next: [Int: Int] = [:]
        var following: [[Int]] = Array(repeating: [], count: steps.count)
        for index in steps.indices.reversed() {
            following[index] = steps[index].map { next[$0.block] ?? .max }
            for use in steps[index] { next[use.block] = index }
        }
        var kept: [Int: (nextUse: Int, bytes: Int)] = [:]
        var bytes = 0
        var hits = 0
        for (index, step) in steps.enumerated() {
            for use in step where kept[use.block] != nil { hits += 1 }
            for (use, nextUse) in zip(step, following[index]) {
                if let old = kept.removeValue(forKey: use.block) { bytes -= old.bytes }
                guard nextUse != .max else { continue }
                kept[use.block] = (nextUse, use.bytes)
                bytes += use.bytes
            }
            while bytes > budget,
                let farthest = kept.max(by: { ($0.value.nextUse, $0.key) < ($1.value.nextUse, $1.key) })
            {
                kept.removeValue(forKey: farthest.key)
                bytes -= farthest.value.bytes
            }
        }
        return hits
    }
}
