internal import MoESystem

/// One allocation that holds the memory of one block or of several of the same size, which lie side by side: a block need not be
/// as large as a large page to lie in one.
///
/// `@unchecked Sendable`: what a slot holds is its owner's; `live` is only touched under the pool's lock.
@safe
final class SlotRun: @unchecked Sendable {
    /// Bytes that a run of several slots takes, about.
    static let byteCount = 16 << 20
    /// Multiples of it are large enough for direct reads, and whole pages.
    static let alignment = 4096
    /// From so many bytes on a slot lies at whole pages, and among others.
    private static let leastShared = 1 << 16

    /// Bytes of each slot.
    let slotBytes: Int
    let slotCount: Int
    private let memory: UnsafeMutableRawBufferPointer
    /// From one slot to the next.
    private let stride: Int
    /// Slots that are in use or kept for the next: the others' pages are the system's.
    var live: Int

    /// - Parameter mostSlots: at least one.
    init(slotBytes: Int, mostSlots: Int) {
        self.slotBytes = slotBytes
        let isShared = slotBytes >= Self.leastShared && slotBytes < LargePages.pageBytes
        stride = isShared ? (slotBytes + Self.alignment - 1) / Self.alignment * Self.alignment : slotBytes
        slotCount = isShared ? max(1, min(Self.byteCount / stride, mostSlots)) : 1
        live = slotCount
        let bytes = slotCount == 1 ? slotBytes : slotCount * stride
        if bytes >= LargePages.pageBytes {
            unsafe memory = LargePages.allocate(byteCount: bytes)
        } else {
            unsafe memory = .allocate(byteCount: bytes, alignment: isShared ? Self.alignment : 64)
        }
    }

    deinit { unsafe memory.deallocate() }

    /// The bytes of a slot, which must be below `slotCount`.
    func bytes(of slot: Int) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[slot * stride..<slot * stride + slotBytes])
    }

    /// Has the system provide a part of the pages that no one has written yet.
    ///
    /// - Returns: whether there are more of them.
    func makePages(step: Int) -> Bool {
        let start = step * LargePages.pageBytes
        let size = unsafe memory.count
        guard start < size else { return false }
        let end = min(start + LargePages.pageBytes, size)
        unsafe LargePages.make(UnsafeMutableRawBufferPointer(rebasing: memory[start..<end]))
        return end < size
    }

    /// Gives the pages of a slot back to the system, which has new ones for it when it is used again.
    func giveBack(_ slot: Int) {
        // Nobody has the slot: the whole of its stride is its own.
        unsafe LargePages.giveBack(UnsafeMutableRawBufferPointer(rebasing: memory[slot * stride..<(slot + 1) * stride]))
    }
}
