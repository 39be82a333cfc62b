import CMoESystem

/// The memory that this process may use.
public enum MemoryLimit {
    /// Bytes: the least of the machine's memory, the limits of its control groups, and its address space. Asked once.
    public static let bytes = moe_memory_limit()
}
