#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file by its name.
package enum NamedFile {
    /// Takes the name away; what is open stays.
    ///
    /// - Throws: `SystemError`.
    package static func remove(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 else { throw .last("cannot remove", path: path) }
    }
}
