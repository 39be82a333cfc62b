import CMoESystem

/// The memory that this process may use.
public enum MemoryLimit {
    /// Bytes: the least of the machine's memory, the limits of the control groups, and the process's address space. Asked once.
    public static let bytes = Int(clamping: moe_memory_limit())
}
