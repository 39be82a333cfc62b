internal import MoEFormat
internal import MoESystem

/// How many bytes of expert weights may be in memory at once.
public enum MemoryBudget: Hashable, Sendable {
    /// Half of what the process may use, which is the least of the machine's memory, the limits of its control groups (both
    /// versions, and the groups above) and its address space; more, up to three quarters, if the largest expert needs it.
    ///
    /// The other half is for everything else, the page cache among it. Opening a model whose largest expert does not fit
    /// throws `RuntimeError.budgetTooSmall`, which says the smallest budget that would do.
    case automatic
    case bytes(Int)

    public static func kibibytes(_ count: Int) -> MemoryBudget { scaled(count, by: 10) }
    public static func mebibytes(_ count: Int) -> MemoryBudget { scaled(count, by: 20) }
    public static func gibibytes(_ count: Int) -> MemoryBudget { scaled(count, by: 30) }

    private static func scaled(_ count: Int, by log2: Int) -> MemoryBudget {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << log2)
        return .bytes(overflow ? .max : bytes)
    }

    /// The budget in bytes; never negative.
    ///
    /// - Parameter memory: bytes that the process may use.
    /// - Throws: `RuntimeError.budgetTooSmall` when there is not the memory for the file's largest expert; a budget given in
    ///   bytes is taken as it is. `RuntimeError.file` when the file's directory is damaged.
    func byteCount(for file: ModelFile, memory: UInt64 = MemoryLimit.current()) throws(RuntimeError) -> Int {
        switch self {
        case .bytes(let bytes): return max(0, bytes)
        case .automatic:
            let half = memory / 2
            // Usually a whole layer fits, and its experts need not be looked at.
            if file.banks.allSatisfy({ $0.decodedLength <= half }) { return Int(clamping: half) }
            let largest: Int
            do throws(FormatError) { largest = try file.largestExpertBlock() } catch { throw .file(error) }
            let budget = max(Int(clamping: half), min(largest, Int(clamping: memory / 4 * 3)))
            guard largest <= budget else { throw .budgetTooSmall(needed: largest, budget: budget) }
            return budget
        }
    }
}
