internal import MoEFormat

/// Chunks of one part that lie one after another and are checked and decoded in one go.
struct ChunkRun: Sendable {
    /// Its number among the runs of the block.
    let number: Int
    /// The part's place among those of the block.
    let part: Int
    let form: StorageForm
    let chunks: Range<Int>
    let entries: ArraySlice<ChunkEntry>
    /// Where in the block their stored bytes begin.
    let start: UInt64
    let length: Int

    var end: UInt64 { start + UInt64(length) }
}

extension ChunkTable {
    /// Decoded bytes that make a run, about: enough to be worth a turn, little enough to spread one expert over all threads.
    private static let runBytes: UInt64 = 1 << 18
    /// Bytes of the file that a run of several chunks spans at most: between chunks there may be others.
    private static let spanBytes: UInt64 = 1 << 20

    /// All chunks of a block in runs, in the order in which they lie.
    func runs(of block: Block) throws(FormatError) -> [ChunkRun] {
        var runs: [ChunkRun] = []
        for (index, part) in block.parts.enumerated() {
            let form = try part.form(dtype: block.dtypes[index])
            let entries = entries(of: part)
            var first = 0
            while first < entries.count {
                // Offsets ascend and lie inside the block, which the table's check established.
                let start = entries[entries.startIndex + first].offset
                var end = first
                var decoded: UInt64 = 0
                repeat {
                    decoded += UInt64(part.chunking.range(of: UInt64(end)).count) * UInt64(form.elementBytes)
                    end += 1
                } while end < entries.count && decoded < Self.runBytes
                    && entries[entries.startIndex + end].end - start <= Self.spanBytes
                let own = entries[entries.startIndex + first..<entries.startIndex + end]
                let last = entries[entries.startIndex + end - 1]
                runs.append(
                    ChunkRun(
                        number: runs.count, part: index, form: form, chunks: first..<end, entries: own, start: start,
                        length: Int(last.end - start)))
                first = end
            }
        }
        return runs
    }
}

extension ChunkEntry {
    /// Where in the block it ends.
    fileprivate var end: UInt64 { offset + UInt64(storedLength) }
}
