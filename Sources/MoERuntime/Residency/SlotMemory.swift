internal import MoESystem

/// The memory of one resident block: written by its loader, then only read; back in the pool when its last user lets go.
///
/// `@unchecked Sendable`: loaders write disjoint ranges before the block is published under the cache's lock; afterwards
/// nobody writes until the last reference is gone.
@safe
final class SlotMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let pool: SlotPool

    fileprivate init(_ bytes: UnsafeMutableRawBufferPointer, pool: SlotPool) {
        unsafe self.bytes = bytes
        self.pool = pool
    }

    deinit { unsafe pool.give(bytes) }
}

/// Memory for resident blocks. What an evicted block leaves is kept for the next of the same size, since fresh memory costs a
/// page fault every 4 KiB; kept and used memory together stay within the budget.
@safe
final class SlotPool: Sendable {
    private struct State: Sendable {
        var idle: [Int: [SlotRange]] = [:]
        var idleBytes = 0
        var usedBytes = 0
        var byteLimit: Int
    }

    private let state: Locked<State>
    /// Large enough for direct reads into it.
    static let alignment = 4096

    init(byteLimit: Int) { state = Locked(State(byteLimit: byteLimit)) }

    deinit { trim(to: 0) }

    /// Memory for a block: what an evicted one of exactly that size left, or new.
    func take(byteCount: Int) -> SlotMemory {
        let reused = state.withLock { state -> SlotRange? in
            state.usedBytes += byteCount
            guard let range = state.idle[byteCount]?.popLast() else { return nil }
            state.idleBytes -= byteCount
            return range
        }
        if let reused { return unsafe SlotMemory(reused.bytes, pool: self) }
        let limit = state.withLock { $0.byteLimit - $0.usedBytes }
        trim(to: max(0, limit))
        if byteCount >= LargePages.pageBytes {
            return unsafe SlotMemory(LargePages.allocate(byteCount: byteCount), pool: self)
        }
        let alignment = byteCount >= 1 << 16 ? Self.alignment : 64
        return unsafe SlotMemory(.allocate(byteCount: byteCount, alignment: alignment), pool: self)
    }

    /// Changes what may be kept.
    func setByteLimit(_ bytes: Int) {
        let limit = state.withLock { state in
            state.byteLimit = bytes
            return bytes - state.usedBytes
        }
        trim(to: max(0, limit))
    }

    fileprivate func give(_ bytes: UnsafeMutableRawBufferPointer) {
        let range = unsafe SlotRange(bytes: bytes)
        let isKept = state.withLock { state in
            let count = unsafe range.bytes.count
            state.usedBytes -= count
            guard state.usedBytes + state.idleBytes + count <= state.byteLimit else { return false }
            state.idle[count, default: []].append(range)
            state.idleBytes += count
            return true
        }
        if !isKept { unsafe range.bytes.deallocate() }
    }

    /// Frees idle memory until no more than `bytes` are kept.
    private func trim(to bytes: Int) {
        let surplus = state.withLock { state -> [SlotRange] in
            var surplus: [SlotRange] = []
            for size in state.idle.keys.sorted(by: >) {
                while state.idleBytes > bytes, let range = state.idle[size]?.popLast() {
                    state.idleBytes -= size
                    surplus.append(range)
                }
            }
            return surplus
        }
        for range in surplus { unsafe range.bytes.deallocate() }
    }

    /// Memory without a user. `@unchecked Sendable`: whoever holds it is its only owner.
    @safe
    private struct SlotRange: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }
}
