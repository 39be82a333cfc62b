import MoESystem

/// Memory that grows to what is asked of it and is then reused; freed with its owner.
@safe
package final class ScratchBytes {
    private var memory = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// From so many bytes on whole large pages are taken.
    private let largeFrom: Int

    /// - Parameter inLargePages: for what is read from a device; a quarter of such a page or more then takes whole ones.
    package init(inLargePages: Bool = false) { largeFrom = inLargePages ? LargePages.pageBytes / 4 : .max }

    /// Bytes that it holds now.
    package var capacity: Int { unsafe memory.count }

    deinit { unsafe memory.deallocate() }

    /// At least one and exactly `count` bytes when positive, aligned to 4096, of undefined content.
    ///
    /// What an earlier call returned must no longer be in use.
    package func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
        if unsafe memory.count < count {
            unsafe memory.deallocate()
            if count >= largeFrom, let whole = count.roundedUp(toMultipleOf: LargePages.pageBytes) {
                unsafe memory = LargePages.allocate(byteCount: whole)
            } else {
                unsafe memory = .allocate(byteCount: count, alignment: 4096)
            }
        }
        return unsafe UnsafeMutableRawBufferPointer(rebasing: memory[0..<count])
    }
}
