import CMoESystem

/// The memory that this process may use.
public enum MemoryLimit {
    /// Bytes, as they were when first asked for.
    public static let bytes = current()

    /// Bytes: the least of the machine's memory, the limits of the process's control groups, and its address space.
    ///
    /// - Parameter groups: where to look for control groups.
    package static func current(_ groups: ControlGroups = ControlGroups()) -> UInt64 {
        min(moe_machine_memory(), moe_address_space_limit(), groups.memoryLimit ?? .max)
    }
}
