import MoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The child process: started, and at the latest ended and waited for when this value goes.
struct WorkerProcess: ~Copyable {
    let id: pid_t

    /// The descriptor on which a worker finds its end of the channel.
    static let channelDescriptor: Int32 = 3

    /// Starts `executable` with `arguments` (without the program's name).
    ///
    /// The child gets `channel` and nothing else: standard streams are the null device, signals are as at login, and the
    /// variables by which libhdf5 loads code or changes drivers are taken out of its environment.
    init(executable: String, arguments: [String], channel: Int32) throws(HDF5Error) {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
            unsafe posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        unsafe posix_spawn_file_actions_adddup2(&actions, channel, Self.channelDescriptor)

        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigfillset(&signals)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        #if canImport(Darwin)
        flags |= POSIX_SPAWN_CLOEXEC_DEFAULT
        #endif
        unsafe posix_spawnattr_setflags(&attributes, Int16(truncatingIfNeeded: flags))

        var id: pid_t = 0
        let number = unsafe Self.withCStrings([executable] + arguments) { arguments in
            unsafe Self.withCStrings(Self.environment()) { environment in
                unsafe posix_spawn(&id, executable, &actions, &attributes, arguments, environment)
            }
        }
        guard number == 0 else {
            throw HDF5Error(SystemError("cannot start an HDF5 worker from", path: executable, number: number))
        }
        self.id = id
    }

    /// Ends the process, if it has not ended by itself, and says how it did.
    consuming func end() -> Ending {
        let ending = Self.end(id)
        discard self
        return ending
    }

    deinit { _ = Self.end(id) }

    enum Ending: Equatable {
        case exited(Int32)
        case signalled(Int32)
        case unknown
    }

    /// Waits for a process whose end of the channel is closed, for a moment; then kills it.
    private static func end(_ id: pid_t) -> Ending {
        var status: Int32 = 0
        // A crash is told from a kill by letting a dying process die: its descriptors close a little before it ends.
        for _ in 0..<100 {
            let waited = unsafe waitpid(id, &status, WNOHANG)
            if waited == id { return ending(status) }
            if waited < 0, errno != EINTR { return .unknown }
            _ = usleep(1000)
        }
        kill(id, SIGKILL)
        while true {
            let waited = unsafe waitpid(id, &status, 0)
            if waited == id { return .unknown }
            if waited < 0, errno != EINTR { return .unknown }
        }
    }

    private static func ending(_ status: Int32) -> Ending {
        let signal = status & 0x7F
        return signal == 0 ? .exited(status >> 8 & 0xFF) : .signalled(signal)
    }

    private static func environment() -> [String] {
        var variables: [String] = []
        // A null-terminated list of C strings; nothing here changes it while it is read.
        #if canImport(Darwin)
        var next = unsafe _NSGetEnviron().pointee
        #else
        var next = unsafe environ
        #endif
        while let variable = unsafe next.pointee {
            let text = unsafe String(cString: variable)
            if !text.hasPrefix("HDF5_"), !text.hasPrefix("SWIFT_BACKTRACE=") { variables.append(text) }
            unsafe next += 1
        }
        // A crash is told in the parent's one line, not in pages of the child's.
        return variables + ["SWIFT_BACKTRACE=enable=no"]
    }

    /// Calls `body` with copies of strings as the null-terminated list that C expects.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
            // At least the terminator is there, so the buffer has an address.
            unsafe body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }

    /// The program that is running now.
    static func ownExecutable() throws(HDF5Error) -> String {
        #if os(Linux)
        // Names the very file that runs, even when another took its path since.
        return "/proc/self/exe"
        #else
        var size: UInt32 = 0
        unsafe _NSGetExecutablePath(nil, &size)
        var path = [CChar](repeating: 0, count: Int(size) + 1)
        guard unsafe _NSGetExecutablePath(&path, &size) == 0 else {
            throw .io("the running program's path is not known")
        }
        return String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        #endif
    }
}
