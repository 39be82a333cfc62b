/// The memory of one resident block: written by its loader, then only read; back in the pool when its last user lets go.
///
/// `@unchecked Sendable`: loaders write disjoint ranges before the block is published under the cache's lock; afterwards
/// nobody writes until the last reference is gone.
@safe
final class SlotMemory: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
    private let slot: SlotPool.Slot
    private let pool: SlotPool

    init(_ slot: SlotPool.Slot, pool: SlotPool) {
        unsafe bytes = slot.run.bytes(of: slot.index)
        self.slot = slot
        self.pool = pool
    }

    deinit { pool.give(slot) }
}
