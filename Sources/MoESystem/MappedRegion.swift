import CMoESystem
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A range of a file mapped for reading; unmapped with its owner.
///
/// If the file is truncated while mapped, touching the lost pages raises SIGBUS. Bytes of a region are therefore touched only
/// inside the guarded entry points of `CMoESystem`; what notices a fault says so with `reportFault`.
@safe
public final class MappedRegion: Sendable {
    /// The whole pages that are mapped. Never written, and valid until `deinit`: what makes sharing them safe.
    private nonisolated(unsafe) let pages: UnsafeMutableRawPointer
    private let mappedLength: Int
    private let lead: Int
    private let faulted = Atomic(false)
    /// Bytes of the range asked for.
    public let count: Int
    private let file: ReadableFile

    /// Maps `count` bytes from `offset` on, widened to whole pages.
    ///
    /// - Throws: `SystemError`.
    public init(_ file: ReadableFile, offset: UInt64, count: Int) throws(SystemError) {
        let page = UInt64(PageSize.bytes)
        let start = offset / page * page
        lead = Int(offset - start)
        self.count = count
        self.file = file
        mappedLength = max(1, lead + count)
        guard let position = off_t(exactly: start) else {
            throw SystemError("cannot map", path: file.path, number: EOVERFLOW)
        }
        let address = unsafe mmap(nil, mappedLength, PROT_READ, MAP_PRIVATE, file.descriptor, position)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw .last("cannot map", path: file.path)
        }
        unsafe pages = unsafe address
    }

    deinit { unsafe munmap(pages, mappedLength) }

    /// The mapped bytes; valid as long as the region is alive.
    public var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: pages + lead, count: count)
    }

    /// Whether some part of the range could not be read: the file was truncated, or its device failed.
    public var hasFaulted: Bool { faulted.load(ordering: .acquiring) }

    /// Whether what was read from the range is worth nothing: it could not be read, or someone wrote to the file since it was opened.
    public var isLost: Bool { hasFaulted || file.hasChanged }

    /// The file's path as it was opened, for messages.
    package var path: String { file.path }

    public func reportFault() { faulted.store(true, ordering: .releasing) }

    /// Copies a part of the range, which must lie inside it, to other memory; false when it cannot be read.
    public func copy(_ range: Range<Int>, to destination: UnsafeMutableRawBufferPointer) -> Bool {
        guard range.upperBound <= count, destination.count >= range.count else { return false }
        guard unsafe moe_guarded_copy(destination.baseAddress, pages + lead + range.lowerBound, range.count) else {
            reportFault()
            return false
        }
        return true
    }

    /// Asks the system to read the range ahead; a hint that may be ignored.
    public func willNeed() { _ = unsafe madvise(pages, mappedLength, MADV_WILLNEED) }

    /// Brings the range into memory and into the page tables now, where the system offers that; a hint elsewhere.
    public func populate() { unsafe moe_populate(pages, mappedLength) }
}

/// The size of the system's pages.
public enum PageSize {
    public static let bytes = Int(sysconf(Int32(_SC_PAGESIZE)))
}
