import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file of this process's own without a name: written and read at any offset by several threads, gone with the object.
public final class ScratchFile: Sendable {
    private let descriptor: Int32
    /// For messages.
    private let directory: String

    /// - Parameter directory: where it takes its room; nil for the system's place for temporary files.
    /// - Throws: `SystemError`.
    public init(in directory: String? = nil) throws(SystemError) {
        let directory = directory ?? TemporaryPlace.directory
        self.directory = directory
        let unnamed = moe_open_flag_unnamed()
        if unnamed != 0 {
            let opened = unsafe open(directory, unnamed | O_RDWR | O_CLOEXEC, 0o600)
            if opened >= 0 {
                descriptor = opened
                return
            }
        }
        descriptor = try Self.openAndUnlink(in: directory)
    }

    /// Where the system has no files without a name: a file whose name is taken away at once. Processes that this one starts do
    /// not get it.
    ///
    /// - Throws: `SystemError`.
    static func openAndUnlink(in directory: String) throws(SystemError) -> Int32 {
        for _ in 0..<100 {
            let path = "\(directory)/.moe-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
            let opened = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if opened >= 0 {
                unsafe unlink(path)
                return opened
            }
            let error = SystemError.last("cannot create", path: directory)
            guard error.number == EEXIST else { throw error }
        }
        throw SystemError("cannot create", path: directory, number: EEXIST)
    }

    deinit { close(descriptor) }

    /// - Throws: `SystemError`; the range then holds anything.
    public func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < bytes.count {
            // The rest is not empty and lies inside `bytes`; offsets are those that this process chose.
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = unsafe pwrite(
                descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(clamping: offset + UInt64(done)))
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("cannot write a temporary file in", path: directory)
            }
            done += count
        }
    }

    /// Fills `destination` with what was written at `offset`.
    ///
    /// - Throws: `SystemError`.
    public func read(into destination: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(SystemError) {
        var done = 0
        while done < destination.count {
            // As above.
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: destination[done...])
            let count = unsafe pread(
                descriptor, rest.baseAddress, min(rest.count, 1 << 30), off_t(clamping: offset + UInt64(done)))
            if count < 0 {
                if errno == EINTR { continue }
                throw .last("cannot read a temporary file in", path: directory)
            }
            guard count > 0 else { throw SystemError("cannot read a temporary file in", path: directory, number: 0) }
            done += count
        }
    }
}
