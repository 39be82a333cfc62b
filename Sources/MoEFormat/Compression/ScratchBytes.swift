/// Memory that grows to what is asked of it and is then reused; freed with its owner.
@safe
package final class ScratchBytes {
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)

    package init() {}

    /// Bytes that it holds now.
    package var capacity: Int { unsafe memory.count }

    deinit { unsafe memory.deallocate() }

    /// At least one and exactly `count` bytes when positive, aligned to 4096, of undefined content.
    ///
    /// What an earlier call returned must no longer be in use.
    package func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe memory.count < count {
            unsafe memory.deallocate()
            unsafe memory = .allocate(byteCount: count, alignment: 4096)
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[0..<count])
    }
}
