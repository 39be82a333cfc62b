internal import CMoESystem

/// How many bytes of expert weights may be in memory at once.
public enum MemoryBudget: Hashable, Sendable {
    /// Half of what the process may use: its cgroup's limit where there is one, otherwise the machine's memory.
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
    var byteCount: Int {
        switch self {
        case .automatic: Int(clamping: moe_memory_limit() / 2)
        case .bytes(let bytes): max(0, bytes)
        }
    }
}
