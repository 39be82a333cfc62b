internal import MoEFormat

/// Bytes of a file that hold bytes of a block, as an engine can read them.
struct FileRange: Sendable {
    /// Where in the file they begin.
    let offset: UInt64
    let count: Int
    /// How many of them lie in front of the block's.
    let lead: Int

    /// - Parameter unit: what offsets must be multiples of; the end too, unless it is the file's.
    init(_ bytes: Range<UInt64>, unit: UInt64, fileSize: UInt64) {
        offset = bytes.lowerBound / unit * unit
        lead = Int(bytes.lowerBound - offset)
        count = Int(min(fileSize, bytes.upperBound.roundedUp(toMultipleOf: unit) ?? fileSize) - offset)
    }

    /// Cut into pieces of about `bytes`, at multiples of the unit, counted from the range's begin: at least one, which is empty
    /// only when the range is.
    func pieces(of bytes: Int, unit: Int) -> [Range<Int>] {
        guard count > 0 else { return [0..<0] }
        let number = max(1, (count + bytes / 2) / bytes)
        let cuts = (0..<number).map { count / number * $0 / unit * unit } + [count]
        return zip(cuts, cuts.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty }
    }
}
