internal import Foundation

/// Decoded chunks that more than one read needs, for any number of readers and threads.
///
/// A chunk of a stacked `[experts, …]` tensor often spans several experts: the first read decodes it, the others find it
/// here. Two threads that need the same chunk at once decode it once. A chunk all of whose elements were read goes at once.
/// When memory is short the least recently used one goes: aside to the disk, where there is one for that, since a chunk
/// with elements still to be read would be decoded again.
///
/// Chunks larger than the limit are decoded one at a time, with nothing beside them in memory.
///
/// `@unchecked Sendable`: all state is only touched under the condition's lock, which is never held while decoding or
/// waiting on the disk.
package final class DecodedChunkCache: @unchecked Sendable {
    struct Key: Hashable {
        var input: ObjectIdentifier
        var dataset: HDF5ObjectID
        var chunk: UInt64
    }

    /// Where a chunk is for one reader, until it gives it back.
    enum Place {
        case memory(DecodedChunk)
        case disk(ChunkSpill, ChunkSpill.Place)
    }

    package let byteLimit: Int
    private let spill: ChunkSpill?
    private let condition = NSCondition()
    private var entries: [Key: Entry] = [:]
    /// Bytes in memory, what decoding takes meanwhile included.
    private var bytes = 0
    private var decodes = 0
    private var isAwaited = false
    /// Keys in order of use; those that a later use has overtaken are skipped.
    private var uses: [(key: Key, time: UInt64)] = []
    private var oldest = 0
    private var clock: UInt64 = 0

    private struct Entry {
        enum Content {
            case decoding
            case memory(DecodedChunk)
            /// On its way to the disk, and still readable.
            case leaving(DecodedChunk)
            case disk(ChunkSpill.Place)
        }

        var content = Content.decoding
        var byteCount: Int
        /// Bytes that no read has fetched yet.
        var unread: Int
        var readers = 0
        var lastUse: UInt64 = 0
    }

    /// - Parameters:
    ///   - byteLimit: kept in memory at most, but for one chunk that is larger.
    ///   - spill: where chunks go that have no room; without it they are decoded again.
    package init(byteLimit: Int, spill: ChunkSpill? = nil) {
        self.byteLimit = byteLimit
        self.spill = spill
    }

    /// How many times a chunk was decoded into the cache since it was made.
    package var decodeCount: Int { locked { decodes } }

    /// Bytes of the chunks that are in memory or being decoded now.
    package var bytesHeld: Int { locked { bytes } }

    private func locked<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    // MARK: Readers

    /// The chunk of this key, decoded by `decode` when it is not there. Each is given back by `finish`, before the same
    /// thread asks for another.
    ///
    /// - Parameters:
    ///   - byteCount: of the decoded chunk; decoding takes twice that.
    ///   - wanted: those of its bytes that lie inside the dataset.
    func place(
        of key: Key, byteCount: Int, wanted: Int, _ decode: () throws(HDF5Error) -> DecodedChunk
    ) throws(HDF5Error) -> Place {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let entry = entries[key] {
                switch entry.content {
                case .memory(let chunk), .leaving(let chunk):
                    use(key)
                    return .memory(chunk)
                case .disk(let place):
                    guard let spill else { break }
                    use(key)
                    return .disk(spill, place)
                case .decoding: break
                }
                wait()
                continue
            }
            // Room may take a wait, in which another thread begins the same chunk.
            guard makeRoom(for: 2 * byteCount), entries[key] == nil else { continue }
            return .memory(try decoded(key, byteCount: byteCount, wanted: wanted, by: decode))
        }
    }

    /// Called and left with the lock, which is open in between.
    private func decoded(
        _ key: Key, byteCount: Int, wanted: Int, by decode: () throws(HDF5Error) -> DecodedChunk
    ) throws(HDF5Error) -> DecodedChunk {
        entries[key] = Entry(byteCount: byteCount, unread: wanted)
        bytes += 2 * byteCount
        decodes += 1
        condition.unlock()
        let result: Result<DecodedChunk, HDF5Error>
        do throws(HDF5Error) { result = .success(try decode()) } catch { result = .failure(error) }
        condition.lock()
        bytes -= 2 * byteCount
        defer { wake() }
        switch result {
        case .success(let chunk):
            bytes += byteCount
            entries[key]?.content = .memory(chunk)
            use(key)
            return chunk
        case .failure(let error):
            entries[key] = nil
            throw error
        }
    }

    /// A reader is done with a chunk, `count` bytes of which it has fetched.
    func finish(_ key: Key, read count: Int) {
        locked {
            guard var entry = entries[key] else { return }
            entry.readers -= 1
            entry.unread -= count
            entries[key] = entry
            forgetIfRead(key)
            wake()
        }
    }

    private func use(_ key: Key) {
        entries[key]?.readers += 1
        touch(key)
    }

    private func touch(_ key: Key) {
        clock += 1
        entries[key]?.lastUse = clock
        uses.append((key, clock))
        // Overtaken uses go when they outnumber the entries by far.
        guard uses.count - oldest > 8 * (entries.count + 128) || oldest > 1024 && oldest > uses.count / 2 else {
            return
        }
        uses = uses[oldest...].filter { entries[$0.key]?.lastUse == $0.time }
        oldest = 0
    }

    private func forgetIfRead(_ key: Key) {
        guard let entry = entries[key], entry.unread <= 0, entry.readers == 0 else { return }
        switch entry.content {
        // Whoever carries it to the disk looks again.
        case .decoding, .leaving: return
        case .memory: bytes -= entry.byteCount
        case .disk(let place): spill?.free(place)
        }
        entries[key] = nil
    }

    // MARK: Room

    /// Sees to room for so many bytes; false when it has waited or opened the lock for it, and all must be looked at again.
    private func makeRoom(for count: Int) -> Bool {
        guard bytes > 0, bytes + count > byteLimit else { return true }
        guard let key = leastRecentlyUsed(), let entry = entries[key], case .memory(let chunk) = entry.content else {
            // All that is in memory is in use, by threads that do not wait for room.
            wait()
            return false
        }
        guard let spill, entry.unread > 0 else {
            bytes -= entry.byteCount
            entries[key] = nil
            return makeRoom(for: count)
        }
        entries[key]?.content = .leaving(chunk)
        condition.unlock()
        let place = spill.put(chunk)
        condition.lock()
        bytes -= entry.byteCount
        if let place {
            entries[key]?.content = .disk(place)
            forgetIfRead(key)
        } else if entries[key]?.readers == 0 {
            entries[key] = nil
        } else {
            // Its readers have it in memory anyway.
            bytes += entry.byteCount
            entries[key]?.content = .memory(chunk)
            touch(key)
        }
        wake()
        return false
    }

    /// The chunk in memory that nobody reads and that was used before all others like it.
    private func leastRecentlyUsed() -> Key? {
        for _ in oldest..<uses.count {
            let use = uses[oldest]
            oldest += 1
            guard let entry = entries[use.key], entry.lastUse == use.time, case .memory = entry.content else {
                continue
            }
            if entry.readers == 0 { return use.key }
            touch(use.key)
        }
        return nil
    }

    private func wait() {
        isAwaited = true
        condition.wait()
    }

    private func wake() {
        guard isAwaited else { return }
        isAwaited = false
        condition.broadcast()
    }
}
