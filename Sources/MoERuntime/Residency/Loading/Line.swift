/// First come, first served.
struct Line<Element> {
    /// nil where one was taken: what it holds must not wait for the line to move up.
    private var waiting: [Element?] = []
    private var next = 0

    mutating func put(_ element: Element) { waiting.append(element) }

    /// Puts elements before all others, in their order.
    mutating func putFirst(_ elements: [Element]) {
        waiting.replaceSubrange(..<next, with: elements)
        next = 0
    }

    mutating func take() -> Element? {
        guard next < waiting.count else { return nil }
        let element = waiting[next]
        waiting[next] = nil
        next += 1
        // Under steady load the line may never be empty: what was taken must go all the same.
        if next == waiting.count || next >= 64 {
            waiting.removeFirst(next)
            next = 0
        }
        return element
    }

    /// Takes those out that meet a condition, in their order.
    mutating func remove(where isTaken: (Element) -> Bool) -> [Element] {
        let rest = waiting[next...].compactMap(\.self)
        next = 0
        waiting = rest.filter { !isTaken($0) }
        return rest.filter(isTaken)
    }
}
