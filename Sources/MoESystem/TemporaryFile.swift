import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file of this process's own, for what must have a path; gone with the object.
///
/// It has no name where the system has such files, so that not even a kill leaves it; elsewhere an interrupt removes it.
public final class TemporaryFile: Sendable {
    /// Leads to the file for this process and its children.
    public let path: String
    private let descriptor: Int32
    private let isNamed: Bool

    /// - Parameter suffix: the end of its name.
    /// - Throws: `SystemError`.
    public init(suffix: String) throws(SystemError) {
        let folder = TemporaryPlace.directory
        let unnamed = moe_open_flag_unnamed()
        if unnamed != 0 {
            let opened = unsafe open(folder, unnamed | O_RDWR | O_CLOEXEC, 0o600)
            let path = OpenFilePath.of(opened)
            if opened >= 0, unsafe access(path, F_OK) == 0 {
                self.path = path
                descriptor = opened
                isNamed = false
                return
            }
            if opened >= 0 { close(opened) }
        }
        for _ in 0..<100 {
            let path = "\(folder)/moe-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))\(suffix)"
            PendingOutputs.remember(path)
            let opened = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            if opened >= 0 {
                self.path = path
                descriptor = opened
                isNamed = true
                return
            }
            let error = SystemError.last("cannot create", path: path)
            PendingOutputs.forget(path)
            guard error.number == EEXIST else { throw error }
        }
        throw SystemError("cannot create", path: folder, number: EEXIST)
    }

    deinit {
        close(descriptor)
        guard isNamed else { return }
        unsafe unlink(path)
        PendingOutputs.forget(path)
    }

    /// Appends bytes.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        try unsafe DescriptorOutput(descriptor: descriptor, path: path).write(bytes)
    }

    /// Appends bytes.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        var failure: SystemError?
        unsafe bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try unsafe write(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
