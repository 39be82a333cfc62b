#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where files of this process's own lie.
enum TemporaryPlace {
    /// The directory that `TMPDIR` names, or the system's.
    static var directory: String {
        // The environment's text is copied before anything could change it.
        unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
    }
}
