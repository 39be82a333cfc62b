import Foundation

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A file without a name whose whole content is replaced again and again: bytes in memory for code that opens paths.
package final class ScratchFile {
    private let descriptor: Int32

    package init() {
        // In memory where the system has a directory for that: a fuzzer writes it thousands of times a second.
        let folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        var template = Array("\(folder)/moe-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&template)
        guard descriptor >= 0 else { fatalError("no temporary file in \(folder)") }
        unlink(template)
    }

    deinit { close(descriptor) }

    /// A path that opens the file as long as the object lives.
    package var path: String { "/dev/fd/\(descriptor)" }

    package func replace(with bytes: [UInt8]) {
        let written = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard written == bytes.count, ftruncate(descriptor, off_t(bytes.count)) == 0 else {
            fatalError("a scratch file cannot be written")
        }
    }
}
