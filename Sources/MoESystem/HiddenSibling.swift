import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The names that an output's bytes have in its directory before they have their own.
///
/// A process that is killed leaves such a name where the system has no unnamed files, or where it was about to replace a file. Who
/// writes keeps a mark on the file, which ends with the process; the next output of the same name removes what has none.
enum HiddenSibling {
    private static let suffix = ".part"

    /// What all of an output's begin with; short enough for any file system whatever the length of the final name.
    private static func prefix(of path: String) -> String {
        ".\(String(PathParts(path).name.unicodeScalars.prefix(32)))."
    }

    /// A new name.
    static func path(of path: String, in directory: String) -> String {
        "\(directory)/\(prefix(of: path))\(String(UInt64.random(in: 0...UInt64.max), radix: 36))\(suffix)"
    }

    /// Marks a file as one that is being written. False where it has just been taken for an abandoned one.
    static func claim(_ descriptor: Int32) -> Bool {
        _ = moe_claim(descriptor, 0)
        var information = stat()
        return unsafe fstat(descriptor, &information) == 0 && information.st_nlink > 0
    }

    /// Removes the siblings of an output that nobody writes any more.
    ///
    /// - Complexity: O(entries of the directory).
    static func removeAbandoned(of path: String, in directory: String) {
        let prefix = prefix(of: path)
        for name in DirectoryListing.names(in: directory) where isSibling(name, prefix) {
            let sibling = "\(directory)/\(name)"
            let opened = unsafe open(sibling, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            guard opened >= 0 else { continue }
            var information = stat()
            if unsafe fstat(opened, &information) == 0, information.st_mode & S_IFMT == S_IFREG,
                moe_claim(opened, 1) != 0
            {
                // Whoever takes the name between its making and its claim sees that the file has lost it.
                unsafe unlink(sibling)
            }
            close(opened)
        }
    }

    private static func isSibling(_ name: String, _ prefix: String) -> Bool {
        let bytes = name.utf8
        guard bytes.starts(with: prefix.utf8), bytes.count > prefix.utf8.count + suffix.utf8.count,
            bytes.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
        else { return false }
        let number = bytes.dropFirst(prefix.utf8.count).dropLast(suffix.utf8.count)
        return number.count <= 13
            && number.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
            }
    }
}
