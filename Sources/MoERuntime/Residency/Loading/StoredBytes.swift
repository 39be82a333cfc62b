internal import MoEFormat
internal import MoESystem
internal import Synchronization

/// Memory for bytes of a block as the file has them, from when they are read until they are decoded; then it goes back to its
/// pool.
///
/// `@unchecked Sendable`: readers write disjoint ranges, and what a range holds is looked at only after its read has ended, which
/// the load's lock orders.
@safe
final class StoredBytes: @unchecked Sendable {
    /// Where in the block they begin.
    private let start: UInt64
    /// The memory's bytes in front of them: direct reads begin at a multiple of the device's unit.
    private let lead: Int
    private let memory: UnsafeMutableRawBufferPointer
    private let owner: ScratchBytes
    private let pool: ReadBuffers

    fileprivate init(
        _ memory: UnsafeMutableRawBufferPointer, lead: Int, from start: UInt64, owner: ScratchBytes, pool: ReadBuffers
    ) {
        unsafe self.memory = memory
        self.lead = lead
        self.start = start
        self.owner = owner
        self.pool = pool
    }

    deinit { pool.give(owner) }

    /// Room for a read, counted from the memory's begin.
    func room(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: memory[range])
    }

    /// The bytes of some chunks, which must have been read.
    func bytes(from offset: UInt64, count: Int) -> UnsafeRawBufferPointer {
        let first = lead + Int(offset - start)
        return unsafe UnsafeRawBufferPointer(rebasing: memory[first..<first + count])
    }
}

/// Memory that blocks are read into before they are decoded, kept for the next read.
final class ReadBuffers: Sendable {
    /// `@unchecked Sendable`: whoever holds it is its only owner.
    private struct Buffer: @unchecked Sendable {
        let memory: ScratchBytes
    }

    private let idle = Locked<[Buffer]>([])
    private let made = Atomic(0)

    /// Buffers that there are, lent ones included.
    var count: Int { made.load(ordering: .relaxed) }

    /// Memory of `count` bytes, of undefined content, of which those from `lead` on are for the block's bytes from `start` on.
    func take(_ count: Int, lead: Int, from start: UInt64) -> StoredBytes {
        let owner = idle.withLock { $0.popLast() }?.memory ?? make()
        return unsafe StoredBytes(owner.bytes(max(1, count)), lead: lead, from: start, owner: owner, pool: self)
    }

    /// Makes memory for so many reads of `byteCount` beforehand.
    func prepare(_ reads: Int, byteCount: Int) {
        let prepared = (0..<reads).map { _ in
            let memory = make()
            unsafe LargePages.make(memory.bytes(byteCount))
            return Buffer(memory: memory)
        }
        idle.withLock { $0.insert(contentsOf: prepared, at: 0) }
    }

    private func make() -> ScratchBytes {
        made.wrappingAdd(1, ordering: .relaxed)
        return ScratchBytes(inLargePages: true)
    }

    fileprivate func give(_ memory: ScratchBytes) {
        let buffer = Buffer(memory: memory)
        idle.withLock { $0.append(buffer) }
    }
}
