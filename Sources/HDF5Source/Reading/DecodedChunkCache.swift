import Synchronization

/// Decoded chunks that more than one read needs, up to a number of bytes, for any number of readers and threads.
///
/// A chunk of a stacked `[experts, …]` tensor often spans several experts: the first read decodes it, the others find it
/// here. Two threads that need the same chunk at once decode it once. The least recently used chunk goes first; one that is
/// in use stays alive until its last user is done.
package final class DecodedChunkCache: Sendable {
    struct Key: Hashable {
        var dataset: HDF5ObjectID
        var chunk: UInt64
    }

    package let byteLimit: Int
    private let state = Mutex(State())

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var clock: UInt64 = 0
        /// Uses in order of time; those that a later use has overtaken are skipped.
        var uses: [(key: Key, time: UInt64)] = []
        var oldest = 0
    }

    /// Filled once: its own lock is held while its chunk is decoded, and only those who need that chunk wait for it.
    private final class Entry: Sendable {
        let chunk = Mutex<DecodedChunk?>(nil)
        let byteCount: Int
        let lastUse = Atomic<UInt64>(0)
        init(byteCount: Int) { self.byteCount = byteCount }
    }

    /// - Parameter byteLimit: kept at most, but for one chunk that is larger.
    package init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// How many times a chunk was decoded into the cache since it was made.
    package var decodeCount: Int { decodes.load(ordering: .relaxed) }
    private let decodes = Atomic<Int>(0)

    /// Bytes of the chunks that are kept or being decoded now.
    package var bytesHeld: Int { state.withLock { $0.bytes } }

    /// The chunk of this key, decoded by `decode` when it is not there.
    func chunk(
        _ key: Key, byteCount: Int, _ decode: () throws(HDF5Error) -> DecodedChunk
    ) throws(HDF5Error) -> DecodedChunk {
        let entry = entry(key, byteCount: byteCount)
        return try entry.chunk.withLock { chunk throws(HDF5Error) in
            if let chunk { return chunk }
            let decoded = try decode()
            decodes.wrappingAdd(1, ordering: .relaxed)
            chunk = decoded
            return decoded
        }
    }

    private func entry(_ key: Key, byteCount: Int) -> Entry {
        state.withLock { state in
            let entry = state.entries[key] ?? Entry(byteCount: byteCount)
            if state.entries.updateValue(entry, forKey: key) == nil { state.bytes += byteCount }
            state.clock += 1
            entry.lastUse.store(state.clock, ordering: .relaxed)
            state.uses.append((key, state.clock))
            evict(from: &state)
            return entry
        }
    }

    private func evict(from state: inout State) {
        while state.bytes > byteLimit, state.entries.count > 1, state.oldest < state.uses.count {
            let use = state.uses[state.oldest]
            state.oldest += 1
            guard let entry = state.entries[use.key], entry.lastUse.load(ordering: .relaxed) == use.time else {
                continue
            }
            state.entries[use.key] = nil
            state.bytes -= entry.byteCount
        }
        // Forget what was passed over, and overtaken uses when they outnumber the entries by far.
        if state.oldest > 1024, state.oldest > state.uses.count / 2 {
            state.uses.removeFirst(state.oldest)
            state.oldest = 0
        } else if state.uses.count > 8 * (state.entries.count + 128) {
            state.uses = state.uses[state.oldest...].filter {
                state.entries[$0.key]?.lastUse.load(ordering: .relaxed) == $0.time
            }
            state.oldest = 0
        }
    }
}
