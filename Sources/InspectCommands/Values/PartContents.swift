import MoEFormat

/// What decoding a part tells: its values in summary, and how its planes are stored.
struct PartContents: Sendable {
    let part: Part
    /// nil where elements are no numbers, or of a type or encoding of a later version.
    let summary: ValueSummary?
    /// Stored bytes of each plane, least significant first; one entry where elements are stored as they are.
    let planes: [UInt64]

    /// Decodes the part; quantised elements count as the values that they stand for.
    ///
    /// - Throws: `FormatError` for a damaged part.
    /// - Complexity: O(part). Memory: one chunk.
    init(decoding part: Part, in file: ModelFile) throws(FormatError) {
        self.part = part
        let tensor = try file.tensor(at: part.tensor)
        let planes = PlaneSums()
        do throws(FormatError) {
            if NumberFormat(tensor.dtype, scheme: file.scheme(of: part)) ?? NumberFormat(tensor.dtype) != nil {
                summary = try ValueSummary(try ValueStream(tensor, parts: [part], of: file) { planes.add($0) })
            } else {
                let chunks = try ChunkReader(part, of: file)
                for index in 0..<chunks.chunkCount { _ = try unsafe chunks.decode(chunk: index) { planes.add($0) } }
                summary = nil
            }
        } catch {
            guard error.kind == .unsupported else { throw error }
            self.planes = [part.record.storedLength]
            summary = nil
            return
        }
        self.planes = planes.sums
    }

    /// A part of which only the directory is known.
    init(undecoded part: Part) {
        self.part = part
        summary = nil
        planes = []
    }

    private final class PlaneSums {
        private(set) var sums: [UInt64] = []

        func add(_ lengths: [Int]) {
            if sums.isEmpty { sums = Array(repeating: 0, count: lengths.count) }
            for (plane, length) in lengths.enumerated() where plane < sums.count { sums[plane] &+= UInt64(length) }
        }
    }
}
