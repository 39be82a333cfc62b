import CMoESystem

/// The memory that this process may use.
public enum MemoryLimit {
    /// Bytes: the least limit of its control groups, or the machine's memory.
    public static var bytes: UInt64 { moe_memory_limit() }
}
