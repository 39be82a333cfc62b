internal import MoEFormat

/// A block in memory: its parts by role, their bytes kept in place by whoever holds the value.
struct ResidentBlock: Sendable {
    let parts: [StoredPart]
}
