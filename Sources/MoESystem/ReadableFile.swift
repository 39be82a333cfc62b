import CMoESystem
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A regular file open for reading at any offset, by several threads at once.
///
/// The descriptor closes when the last reference goes. The file may grow or shrink underneath; a read past its
/// present end throws.
public final class ReadableFile: Sendable {
    /// The path as the caller gave it, for messages.
    public let path: String
    /// The file's size in bytes when it was opened.
    public let size: UInt64
    /// Device and inode: equal for two names of one file.
    public let identity: Identity

    package let descriptor: Int32
    private let version: Version
    private let bytesReadSoFar = Atomic<UInt64>(0)
    private let directTwin = Locked<DirectTwin>(.untried)

    private enum DirectTwin {
        case untried
        case none
        case open(ReadableFile)
    }

    /// Bytes that `read` and `bytes` have fetched since the file was opened; what is mapped does not count.
    package var bytesRead: UInt64 { bytesReadSoFar.load(ordering: .relaxed) }

    public struct Identity: Hashable, Sendable {
        public let device: UInt64
        public let inode: UInt64
    }

    /// What the system notes when someone writes to a file.
    private struct Version: Equatable {
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init(_ information: stat) {
            size = Int(information.st_size)
            #if canImport(Darwin)
            let modified = information.st_mtimespec
            #else
            let modified = information.st_mtim
            #endif
            seconds = Int(modified.tv_sec)
            nanoseconds = Int(modified.tv_nsec)
        }
    }

    /// Whether someone has written to the file since it was opened, as far as the system's clock can tell.
    ///
    /// A file that was replaced under its name is another one: this one stays as it was.
    package var hasChanged: Bool {
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else { return true }
        return Version(information) != version
    }

    /// Opens a regular file.
    ///
    /// - Parameter bypassingPageCache: reads go to the device directly (`O_DIRECT` on Linux, `F_NOCACHE` on macOS);
    ///   on Linux offset, length and memory must then be multiples of 4096.
    /// - Throws: `SystemError`; with `EISDIR` for a directory and `EINVAL` for anything else that is no regular file.
    public init(opening path: String, bypassingPageCache: Bool = false) throws(SystemError) {
        var flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
        if bypassingPageCache { flags |= moe_open_flag_direct() }
        let descriptor = unsafe open(path, flags)
        guard descriptor >= 0 else { throw .last("cannot open", path: path) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0 else {
            let error = SystemError.last("cannot examine", path: path)
            close(descriptor)
            throw error
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            let isDirectory = information.st_mode & S_IFMT == S_IFDIR
            throw SystemError("cannot open", path: path, number: isDirectory ? EISDIR : EINVAL)
        }
        #if canImport(Darwin)
        if bypassingPageCache { _ = fcntl(descriptor, F_NOCACHE, 1) }
        #endif
        self.path = path
        self.descriptor = descriptor
        self.size = UInt64(clamping: information.st_size)
        self.version = Version(information)
        self.identity = Identity(
            device: UInt64(truncatingIfNeeded: information.st_dev),
            inode: UInt64(truncatingIfNeeded: information.st_ino))
    }

    deinit { close(descriptor) }

    /// The same file opened past the page cache, as long as this one is; nil where the file system has no such reads, or where
    /// its name leads to another file by now.
    package var bypassingPageCache: ReadableFile? {
        directTwin.withLock { twin in
            if case .untried = twin {
                let opened = try? ReadableFile(opening: path, bypassingPageCache: true)
                twin = opened.flatMap { $0.identity == identity ? .open($0) : nil } ?? .none
            }
            if case .open(let file) = twin { return file }
            return nil
        }
    }

    /// Fills `destination` with the bytes from `offset` on.
    ///
    /// - Throws: `SystemError`; with number 0 when the file ends before `destination` is full.
    public func read(into destination: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < destination.count {
            guard let position = off_t(exactly: offset + UInt64(done)) else {
                throw SystemError("cannot read", path: path, number: EOVERFLOW)
            }
            // The slice lies inside `destination` because done < count; pread writes at most the count it is given.
            let slice = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done...])
            let count = unsafe pread(descriptor, slice.baseAddress, min(slice.count, 1 << 30), position)
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("cannot read", path: path)
            }
            guard count > 0 else { throw SystemError("cannot read", path: path, number: 0) }
            done += count
        }
        bytesReadSoFar.wrappingAdd(UInt64(done), ordering: .relaxed)
    }

    /// The `count` bytes from `offset` on, in a new array.
    ///
    /// The caller bounds `count`: it is reserved before anything is read.
    public func bytes(at offset: UInt64, count: Int) throws(SystemError) -> [UInt8] {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(SystemError) {
                try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                initialized = count
            } catch {
                failure = error
                initialized = 0
            }
        }
        if let failure { throw failure }
        return bytes
    }
}

extension ReadableFile {
    /// Asks the system to read a range ahead; a hint that may be ignored.
    public func willNeed(_ range: Range<UInt64>) {
        moe_will_need(descriptor, range.lowerBound, range.upperBound - range.lowerBound)
    }
}
