/// Runs that are read in one go.
struct ReadGroup: Sendable {
    let runs: ArraySlice<ChunkRun>
    let start: UInt64
    let length: Int

    /// Groups of runs of one part each, of about so many stored bytes.
    static func groups(of runs: [ChunkRun], bytes: Int) -> [ReadGroup] {
        var groups: [ReadGroup] = []
        var first = 0
        while first < runs.count {
            var end = first + 1
            while end < runs.count, runs[end].part == runs[first].part,
                runs[end].end - runs[first].start <= UInt64(bytes)
            {
                end += 1
            }
            groups.append(
                ReadGroup(
                    runs: runs[first..<end], start: runs[first].start,
                    length: Int(runs[end - 1].end - runs[first].start)))
            first = end
        }
        return groups
    }
}
