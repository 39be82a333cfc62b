#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The path by which Linux lets a process and its children open a file that it has open, though it may have no name.
enum OpenFilePath {
    static func of(_ descriptor: Int32) -> String { "/proc/\(getpid())/fd/\(descriptor)" }
}
