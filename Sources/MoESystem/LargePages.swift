import CMoESystem

/// Memory in large pages, where the system has them for ordinary memory (Linux, on request).
///
/// Fresh memory costs a page fault for every page, and a read past the page cache one entry of the device's request for every
/// page: into pages of 4 KiB a disk gave 1.2 to 1.7 GB/s, into pages of 2 MiB 2.7 (Benchmarks/RESULTS.md).
package enum LargePages {
    package static let pageBytes = 2 << 20

    /// Uninitialised memory, which the caller deallocates; the whole large pages of it are asked for as such.
    package static func allocate(byteCount: Int) -> UnsafeMutableRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: pageBytes)
        // The advice reaches whole pages of memory that is nobody else's.
        unsafe moe_prefer_large_pages(memory.baseAddress, byteCount / pageBytes * pageBytes)
        return unsafe memory
    }

    /// Has the system provide the pages of some memory, which others may use meanwhile: else each is provided when it is first
    /// written, which takes longer than to fill it.
    package static func make(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe moe_make_pages(memory.baseAddress, memory.count)
    }

    /// Gives memory back to the system that stays allocated; its bytes are undefined when it is used again.
    ///
    /// - Parameter pages: whole pages, of which nobody uses a byte.
    package static func giveBack(_ pages: UnsafeMutableRawBufferPointer) {
        unsafe moe_give_back(pages.baseAddress, pages.count)
    }
}
