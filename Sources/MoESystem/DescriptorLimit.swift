import CMoESystem

/// The files that this process may have open at once.
package enum DescriptorLimit {
    /// Raises it to what the system allows without asking; for commands that write many files at once.
    package static func raise() { moe_raise_descriptor_limit() }
}
