import MoESystem

/// Decoders that wait for their next use, so that contexts and scratch are made once a thread and not once a call.
package final class DecoderPool: Sendable {
    private let idle = Locked<[ChunkDecoder]>([])

    package init() {}

    /// Lends a decoder for the duration of `body`.
    package func withDecoder<Result>(_ body: (ChunkDecoder) throws(FormatError) -> Result) throws(FormatError) -> Result
    {
        // A decoder belongs to one thread at a time: it is out of the pool while lent.
        let waiting = idle.withLock { $0.popLast() }
        let decoder = waiting ?? ChunkDecoder()
        defer { idle.withLock { $0.append(decoder) } }
        return try body(decoder)
    }
}
