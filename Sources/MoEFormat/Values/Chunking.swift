/// How a part is cut into chunks: SPEC.md §6.5.
package struct Chunking: Equatable, Sendable {
    /// Elements of the part, of a row, of a chunk; all positive.
    package let elements: UInt64
    package let rowLength: UInt64
    package let chunkElements: UInt64
    package let chunkCount: UInt64

    /// nil when the numbers do not fit each other.
    package init?(elements: UInt64, rowLength: UInt64, chunkElements: UInt64) {
        guard elements > 0, rowLength > 0, chunkElements > 0, elements % rowLength == 0 else { return nil }
        self.elements = elements
        self.rowLength = rowLength
        self.chunkElements = chunkElements
        if chunkElements >= rowLength {
            guard chunkElements % rowLength == 0 else { return nil }
            chunkCount = elements.dividedRoundingUp(by: chunkElements)
        } else {
            guard let count = (elements / rowLength) *? rowLength.dividedRoundingUp(by: chunkElements) else {
                return nil
            }
            chunkCount = count
        }
    }

    /// The chunk size that our writer gives a row of this length: whole rows of about `target` elements.
    package static func chunkElements(rowLength: UInt64, target: Int, elementBytes: Int) -> UInt32 {
        let most = UInt64(max(1, min(target, Limits.chunkBytes / max(1, elementBytes))))
        // Of rows without elements there is nothing to cut.
        let elements = rowLength > most || rowLength == 0 ? most : most / rowLength * rowLength
        return UInt32(clamping: elements)
    }

    /// The elements of chunk `index`, which must be below `chunkCount`.
    package func range(of index: UInt64) -> Range<UInt64> {
        if chunkElements >= rowLength {
            let start = index * chunkElements
            return start..<min(start + chunkElements, elements)
        }
        let pieces = rowLength.dividedRoundingUp(by: chunkElements)
        let row = index / pieces * rowLength
        let start = (index % pieces) * chunkElements
        return row + start..<row + min(start + chunkElements, rowLength)
    }

    /// The chunk that holds an element, which must be below `elements`.
    package func chunk(holding element: UInt64) -> UInt64 {
        if chunkElements >= rowLength { return element / chunkElements }
        let pieces = rowLength.dividedRoundingUp(by: chunkElements)
        return element / rowLength * pieces + element % rowLength / chunkElements
    }
}
