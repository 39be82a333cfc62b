/// What a model has done since it was opened, or, as the difference of two moments, in between.
///
/// ```swift
/// let before = model.statistics
/// _ = try layer.forward(hidden, tokens: 1)
/// let spent = model.statistics - before
/// ```
public struct RuntimeStatistics: Hashable, Sendable {
    /// Expert uses served from memory, or by a load that was under way already.
    public var hits: UInt64 = 0
    /// Expert uses that had to be loaded.
    public var misses: UInt64 = 0
    /// Bytes of the file read for experts, shared ones included: their blocks' stored lengths.
    public var bytesRead: UInt64 = 0
    /// Bytes of the file read for routers.
    public var routerBytesRead: UInt64 = 0
    /// Blocks loaded, used or prefetched.
    public var blocksLoaded: UInt64 = 0
    /// Chunks decoded.
    public var chunksDecoded: UInt64 = 0
    /// Seconds in routing, in waiting for experts to be loaded, and in computing them.
    public var routingSeconds = 0.0
    public var waitingSeconds = 0.0
    public var computingSeconds = 0.0
    /// Bytes of experts in memory now; not a difference.
    public var bytesResident = 0
    /// The most that were in memory at once since the file was opened; not a difference.
    public var peakBytesResident = 0

    /// What looking ahead did; not a difference.
    public var lookAhead = LookAheadStatistics()

    public init() {}

    /// What happened between two moments; what describes a moment is taken from the later one.
    public static func - (later: RuntimeStatistics, earlier: RuntimeStatistics) -> RuntimeStatistics {
        var difference = later
        difference.hits &-= earlier.hits
        difference.misses &-= earlier.misses
        difference.bytesRead &-= earlier.bytesRead
        difference.routerBytesRead &-= earlier.routerBytesRead
        difference.blocksLoaded &-= earlier.blocksLoaded
        difference.chunksDecoded &-= earlier.chunksDecoded
        difference.routingSeconds -= earlier.routingSeconds
        difference.waitingSeconds -= earlier.waitingSeconds
        difference.computingSeconds -= earlier.computingSeconds
        return difference
    }
}
