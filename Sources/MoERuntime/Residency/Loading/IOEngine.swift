/// How blocks get from the file into memory. Every engine gives the same bits.
public enum IOEngine: String, CaseIterable, Sendable {
    /// Blocks are mapped: raw ones are used in place, compressed ones decoded from the mapping.
    case mapped
    /// Blocks are read through the system's page cache.
    case read
    /// Blocks are read past the page cache (`O_DIRECT`; `F_NOCACHE` on macOS); where the file system does not offer that,
    /// as `read`.
    case direct
}

/// Which experts stay when memory is short.
public enum CachePolicy: String, CaseIterable, Sendable {
    /// Those expected to be used soonest: by two moving averages, over about a token and over 32, and by their share of all
    /// runs, kept for absent experts too and weighed as the routing so far bears out.
    case ewma2
    /// Those used most recently.
    case lru
    /// Those used most often since the file was opened.
    case lfu
}
