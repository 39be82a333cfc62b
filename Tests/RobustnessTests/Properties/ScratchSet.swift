import Foundation
import MoEFormat

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A set of files that are replaced again and again, in a directory of their own.
package final class ScratchSet {
    private let folder: String
    private let name: SetName
    private var memberCount = 0

    package init() {
        let place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        var template = Array("\(place)/moe-fuzz-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no temporary directory in \(place)") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        name = SetName(head: folder + "/set.moe")
    }

    deinit { remove() }

    /// Removes the directory.
    package func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// The head, then the members.
    package var paths: [String] { [name.head] + (0..<memberCount).map { name.member($0 + 1, of: memberCount) } }

    /// - Parameter files: the head, then the members.
    package func replace(with files: [[UInt8]]) {
        if files.count - 1 != memberCount {
            for path in paths { unlink(path) }
            memberCount = files.count - 1
        }
        for (path, bytes) in zip(paths, files) {
            let opened = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            let written = bytes.withUnsafeBytes { write(opened, $0.baseAddress, $0.count) }
            guard opened >= 0, written == bytes.count else { fatalError("a scratch file cannot be written") }
            close(opened)
        }
    }
}
