internal import MoESystem

/// Memory for resident blocks, within the byte budget. What an evicted block leaves is kept for the next of the same size, small
/// blocks get memory for several at once in large pages, and idle threads make some beforehand: fresh memory costs a page
/// fault every page.
///
/// Kept and used memory together stay within the budget.
final class SlotPool: Sendable {
    struct Slot: Sendable {
        let run: SlotRun
        let index: Int
    }

    private struct State: Sendable {
        /// Slots without a user, by their bytes.
        var idle: [Int: [Slot]] = [:]
        /// Slots whose pages were given back while others of their run stay, by their bytes.
        var withoutPages: [Int: [Slot]] = [:]
        var idleBytes = 0
        var usedBytes = 0
        var byteLimit: Int

        /// How many more slots of so many bytes fit.
        func room(for bytes: Int) -> Int { max(0, byteLimit - usedBytes - idleBytes) / max(1, bytes) }
    }

    private let state: Locked<State>

    init(byteLimit: Int) { state = Locked(State(byteLimit: byteLimit)) }

    /// Bytes in use, and kept for the next.
    var byteCounts: (used: Int, idle: Int) { state.withLock { ($0.usedBytes, $0.idleBytes) } }

    /// Memory for a block: what an evicted one of exactly that size left, or new.
    func take(byteCount: Int) -> SlotMemory {
        let kept = state.withLock { state -> Slot? in
            state.usedBytes += byteCount
            guard let slot = state.idle[byteCount]?.popLast() else { return nil }
            state.idleBytes -= byteCount
            return slot
        }
        if let kept { return SlotMemory(kept, pool: self) }
        keepWithinLimit()
        let (revived, room) = state.withLock { state -> (Slot?, Int) in
            if let slot = state.withoutPages[byteCount]?.popLast() {
                slot.run.live += 1
                return (slot, 0)
            }
            return (nil, state.room(for: byteCount))
        }
        if let revived { return SlotMemory(revived, pool: self) }
        let run = SlotRun(slotBytes: byteCount, mostSlots: room + 1)
        keep(run, from: 1)
        return SlotMemory(Slot(run: run, index: 0), pool: self)
    }

    // MARK: Beforehand

    /// Whether the next block of that size gets fresh memory, of which some can be made beforehand.
    func isShort(of byteCount: Int) -> Bool {
        state.withLock { $0.idle[byteCount, default: []].isEmpty && $0.room(for: byteCount) > 0 }
    }

    /// Makes memory for a block to come, if there is none and the limit has room for it: the system takes a while to provide
    /// its pages, in which nobody need wait. A block that comes meanwhile gets it as it is.
    func prepare(byteCount: Int) {
        let room = state.withLock { $0.idle[byteCount, default: []].isEmpty ? $0.room(for: byteCount) : 0 }
        guard room > 0 else { return }
        let run = SlotRun(slotBytes: byteCount, mostSlots: room)
        keep(run, from: 0)
        var step = 0
        while state.withLock({ _ in run.live > 0 }), run.makePages(step: step) { step += 1 }
    }

    /// Keeps the slots of a run from `first` on for blocks to come.
    private func keep(_ run: SlotRun, from first: Int) {
        guard first < run.slotCount else { return }
        state.withLock { state in
            state.idle[run.slotBytes, default: []] += (first..<run.slotCount).reversed().map {
                Slot(run: run, index: $0)
            }
            state.idleBytes += (run.slotCount - first) * run.slotBytes
        }
        // Another thread may have taken the same room.
        keepWithinLimit()
    }

    /// Changes what may be kept.
    func setByteLimit(_ bytes: Int) {
        state.withLock { $0.byteLimit = bytes }
        keepWithinLimit()
    }

    /// Takes a slot back from its user.
    func give(_ slot: Slot) {
        state.withLock { state in
            let bytes = slot.run.slotBytes
            state.usedBytes -= bytes
            state.idle[bytes, default: []].append(slot)
            state.idleBytes += bytes
        }
        keepWithinLimit()
    }

    /// Gives idle memory back to the system, that of the largest blocks first, until all is within the limit.
    private func keepWithinLimit() {
        let surplus = state.withLock { state -> [Slot] in
            guard state.usedBytes + state.idleBytes > state.byteLimit else { return [] }
            var surplus: [Slot] = []
            for bytes in state.idle.keys.sorted(by: >) {
                while state.usedBytes + state.idleBytes > state.byteLimit, let slot = state.idle[bytes]?.popLast() {
                    state.idleBytes -= bytes
                    surplus.append(slot)
                }
            }
            return surplus
        }
        for slot in surplus {
            if slot.run.slotCount > 1 { slot.run.giveBack(slot.index) }
            state.withLock { state in
                slot.run.live -= 1
                // A run goes with its last slot.
                guard slot.run.live > 0 else {
                    state.withoutPages[slot.run.slotBytes]?.removeAll { $0.run === slot.run }
                    return
                }
                state.withoutPages[slot.run.slotBytes, default: []].append(slot)
            }
        }
    }
}
