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
        var name = Array("\(directory)/.moe-XXXXXX".utf8CString)
        // A text that ends in zero, whose last letters mkstemp fills in.
        let opened = unsafe name.withUnsafeMutableBufferPointer { name -> Int32 in
            guard let start = name.baseAddress else { return -1 }
            let opened = unsafe mkstemp(start)
            if opened >= 0 { unsafe unlink(start) }
            return opened
        }
        guard opened >= 0 else { throw .last("cannot create", path: directory) }
        descriptor = opened
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
