import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file that appears under its name only when it is whole.
///
/// Bytes go to a file without a name where the system has such (so that not even a kill leaves anything behind), otherwise
/// to a hidden sibling. `commit` makes the bytes durable and gives them their name in one step; without it the bytes are gone
/// with the object. A file that other processes have open or mapped under that name stays as it was for them.
public final class AtomicOutput: @unchecked Sendable {
    // `@unchecked Sendable`: `descriptor` and `path` never change; what does, is locked.

    /// The name that the file will have.
    public let path: String
    /// The directory that it is in.
    public let directory: String
    private let isReplacing: Bool
    private let descriptor: Int32
    private let state: Locked<State>

    private struct State {
        /// The hidden sibling's name; nil for a file without a name.
        var temporary: String?
        var isFinished = false
    }

    /// Begins a file, and removes what killed processes left of others of that name.
    ///
    /// - Parameters:
    ///   - replacing: whether `commit` may replace an existing file.
    /// - Throws: `SystemError`; with `EEXIST` when the name is taken and may not be replaced.
    public convenience init(_ path: String, replacing: Bool) throws(SystemError) {
        try self.init(beginning: path, replacing: replacing)
        HiddenSibling.removeAbandoned(of: path, in: directory)
    }

    private init(beginning path: String, replacing: Bool) throws(SystemError) {
        self.path = path
        directory = PathParts(path).directory
        // What could only fail at the end fails now.
        guard !path.isEmpty, path.utf8.last != UInt8(ascii: "/") else {
            throw SystemError("cannot create", path: path, number: path.isEmpty ? ENOENT : EISDIR)
        }
        var information = stat()
        // A link that leads nowhere has the name all the same.
        let isTaken = unsafe lstat(path, &information) == 0
        if !isTaken, errno != ENOENT { throw .last("cannot create", path: path) }
        if isTaken, !replacing { throw SystemError("cannot create", path: path, number: EEXIST) }
        if unsafe stat(path, &information) == 0, information.st_mode & S_IFMT != S_IFREG {
            throw SystemError(
                "cannot create", path: path, number: information.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
        }
        let unnamed = moe_open_flag_unnamed()
        if unnamed != 0 {
            let opened = unsafe open(directory, unnamed | O_RDWR | O_CLOEXEC, 0o666)
            // Without /proc such a file could not be given a name.
            if opened >= 0, unsafe access(OpenFilePath.of(opened), F_OK) == 0 {
                descriptor = opened
                isReplacing = replacing
                state = Locked(State(temporary: nil))
                return
            }
            if opened >= 0 { close(opened) }
            // ENOENT and EACCES are the directory's own faults; others mean that the file system has no such files.
            if opened < 0, errno == ENOENT || errno == EACCES || errno == EROFS {
                throw .last("cannot create", path: path)
            }
        }
        let named = try Self.createSibling(of: path, in: directory)
        descriptor = named.descriptor
        isReplacing = replacing
        state = Locked(State(temporary: named.name))
    }

    deinit {
        discard()
        close(descriptor)
    }

    /// Begins another file that goes with this one, replacing one of its name if this one may.
    ///
    /// - Throws: `SystemError` as `init` does.
    public func beside(_ path: String) throws(SystemError) -> AtomicOutput {
        // What lies there under this one's name was removed when this one was begun.
        path.utf8.elementsEqual(self.path.utf8)
            ? try AtomicOutput(beginning: path, replacing: isReplacing)
            : try AtomicOutput(path, replacing: isReplacing)
    }

    /// A path by which this process and its children can open the file before it has its name, as long as the object lives.
    public var openingPath: String { state.withLock { $0.temporary } ?? OpenFilePath.of(descriptor) }

    /// A hidden sibling's path that leads to the file until it has its own name, for what must lie in its directory.
    ///
    /// - Throws: `SystemError`.
    public func siblingPath() throws(SystemError) -> String {
        if let temporary = state.withLock({ $0.temporary }) { return temporary }
        let name = try linkedSibling()
        state.withLock { $0.temporary = name }
        return name
    }

    /// Bytes free for the file, as the file system tells.
    public var freeSpace: UInt64? {
        var information = statvfs()
        guard unsafe fstatvfs(descriptor, &information) == 0 else { return nil }
        return UInt64(information.f_bavail) * UInt64(information.f_frsize)
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

    /// A second way to the bytes written so far, for checking them before they get their name.
    ///
    /// - Throws: `SystemError`.
    public func reopened() throws(SystemError) -> ReadableFile {
        try ReadableFile(opening: openingPath)
    }

    /// Starts writing dirty pages back, so that the wait in `commit` is short; a hint.
    public func startWriteback() { moe_start_writeback(descriptor) }

    /// Cuts the file off behind so many bytes; what is written next follows them.
    package func truncate(to length: UInt64) throws(SystemError) {
        guard let end = off_t(exactly: length), ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end
        else { throw .last("cannot write", path: path) }
    }

    /// Makes the bytes durable.
    package func synchronize() throws(SystemError) {
        guard fsync(descriptor) == 0 else { throw .last("cannot write", path: path) }
    }

    /// Makes the bytes durable and gives them their name, replacing what had it.
    ///
    /// - Throws: `SystemError`; then the name still leads to what it led to before.
    public func commit() throws(SystemError) {
        try synchronize()
        try takeName(path)
        synchronizeDirectory()
    }

    /// Makes several files durable and gives them their names, one right after the other.
    ///
    /// All that takes time or is likely to fail is done before the first has its name, and an interruption waits.
    ///
    /// - Throws: `SystemError`; files that come before the one that failed have their names then.
    public static func commit(_ outputs: [AtomicOutput]) throws(SystemError) {
        for output in outputs { try output.synchronize() }
        for output in outputs where output.isTaken { _ = try output.siblingPath() }
        try PendingOutputs.uninterrupted { () throws(SystemError) in
            for output in outputs { try output.takeName(output.path) }
        }
        for output in outputs { output.synchronizeDirectory() }
    }

    /// Whether something has the name now.
    private var isTaken: Bool {
        var information = stat()
        return unsafe lstat(path, &information) == 0
    }

    /// Gives the bytes a name in the same directory, which need not be the one they were begun under; replaces what had it.
    package func takeName(_ path: String) throws(SystemError) {
        if state.withLock({ $0.temporary }) == nil, try giveName(path) { return }
        guard let temporary = state.withLock({ $0.temporary }) else { return }
        guard unsafe rename(temporary, path) == 0 else { throw .last("cannot create", path: path) }
        state.withLock { $0.isFinished = true }
        PendingOutputs.forget(temporary)
    }

    /// Gives up the bytes.
    public func discard() {
        let temporary = state.withLock { state -> String? in
            defer { state.isFinished = true }
            return state.isFinished ? nil : state.temporary
        }
        guard let temporary else { return }
        unsafe unlink(temporary)
        PendingOutputs.forget(temporary)
    }

    /// Gives a file without a name its own, or, where that is taken and may be replaced, a sibling's to rename.
    ///
    /// - Returns: whether the file has its own name now.
    private func giveName(_ path: String) throws(SystemError) -> Bool {
        if unsafe linkat(AT_FDCWD, OpenFilePath.of(descriptor), AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 {
            state.withLock { $0.isFinished = true }
            return true
        }
        guard errno == EEXIST, isReplacing else { throw .last("cannot create", path: path) }
        _ = try siblingPath()
        return false
    }

    /// Gives a file without a name a sibling's.
    private func linkedSibling() throws(SystemError) -> String {
        _ = HiddenSibling.claim(descriptor)
        for _ in 0..<100 {
            let name = HiddenSibling.path(of: path, in: directory)
            PendingOutputs.remember(name)
            if unsafe linkat(AT_FDCWD, OpenFilePath.of(descriptor), AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 {
                return name
            }
            let error = SystemError.last("cannot create", path: path)
            PendingOutputs.forget(name)
            guard error.number == EEXIST else { throw error }
        }
        throw SystemError("cannot create", path: path, number: EEXIST)
    }

    /// Makes new names themselves durable; some file systems do not allow it, which is no reason to fail.
    package func synchronizeDirectory() {
        let opened = unsafe open(directory, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return }
        fsync(opened)
        close(opened)
    }

    private static func createSibling(of path: String, in directory: String) throws(SystemError) -> (
        name: String, descriptor: Int32
    ) {
        for _ in 0..<100 {
            let name = HiddenSibling.path(of: path, in: directory)
            PendingOutputs.remember(name)
            let opened = unsafe open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if opened >= 0, HiddenSibling.claim(opened) { return (name, opened) }
            if opened >= 0 {
                close(opened)
                PendingOutputs.forget(name)
                continue
            }
            let error = SystemError.last("cannot create", path: path)
            PendingOutputs.forget(name)
            guard error.number == EEXIST else { throw error }
        }
        throw SystemError("cannot create", path: path, number: EEXIST)
    }
}
