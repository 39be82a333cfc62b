import MoEFormat

/// Many names as few patterns: `model.layers.{0-31}.mlp.experts.{0-7}.w1.weight`.
///
/// The patterns match exactly the names, and `NameGlob` reads them.
enum NamePatternCover {
    /// The patterns, in the order in which the names first need them.
    ///
    /// - Complexity: O(n log n) for n names.
    static func patterns(of names: [String]) -> [String] {
        var order: [[ExactName]] = []
        var tuples: [[ExactName]: [[Int]]] = [:]
        for name in names {
            let template = NameTemplate(name)
            if tuples[template.texts] == nil { order.append(template.texts) }
            tuples[template.texts, default: []].append(template.numbers)
        }
        return order.flatMap { texts in
            boxes(of: tuples[texts, default: []][...], from: 0).map { write(texts, sets: $0) }
        }
    }

    /// Sets of numbers, one for each place, whose products together are the tuples.
    private static func boxes(of tuples: ArraySlice<[Int]>, from place: Int) -> [[[Int]]] {
        guard let first = tuples.first, place < first.count else { return [[]] }
        var groups: [Int: [[Int]]] = [:]
        for tuple in tuples { groups[tuple[place], default: []].append(tuple) }
        // Numbers behind which the same stands share a box.
        var order: [[[[Int]]]] = []
        var numbers: [[[[Int]]]: [Int]] = [:]
        for number in groups.keys.sorted() {
            let rest = boxes(of: groups[number, default: []][...], from: place + 1)
            if numbers[rest] == nil { order.append(rest) }
            numbers[rest, default: []].append(number)
        }
        return order.flatMap { rest in rest.map { [numbers[rest, default: []]] + $0 } }
    }

    private static func write(_ texts: [ExactName], sets: [[Int]]) -> String {
        var pattern = NameGlob.escaped(texts[0].text)
        for (set, text) in zip(sets, texts.dropFirst()) {
            pattern += set.count == 1 ? "\(set[0])" : "{\(ranges(of: set))}"
            pattern += NameGlob.escaped(text.text)
        }
        return pattern
    }

    /// Ascending numbers as ranges: `0-3,5,7-9`.
    private static func ranges(of numbers: [Int]) -> String {
        var ranges: [ClosedRange<Int>] = []
        for number in numbers {
            if let last = ranges.last, last.upperBound + 1 >= number {
                ranges[ranges.count - 1] = last.lowerBound...max(number, last.upperBound)
            } else {
                ranges.append(number...number)
            }
        }
        return ranges.map { range in
            range.count == 1
                ? "\(range.lowerBound)" : "\(range.lowerBound)\(range.count == 2 ? "," : "-")\(range.upperBound)"
        }.joined(separator: ",")
    }
}
