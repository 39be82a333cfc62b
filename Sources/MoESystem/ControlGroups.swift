#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The control groups of a process on Linux, versions 1 and 2, and both at once; elsewhere there are none.
package struct ControlGroups {
    /// Put in front of every path; empty for the system's own.
    private let root: String

    package init(root: String = "") { self.root = root }

    /// The least memory limit of this process's groups and of all groups above them that it can see; nil when there is none.
    package var memoryLimit: UInt64? {
        let mounts = lines("/proc/self/mountinfo").compactMap(Mount.init)
        var limits: [UInt64] = []
        for line in lines("/proc/self/cgroup") {
            // hierarchy:controllers:path, where version 2 is hierarchy 0 without controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard fields.count == 3 else { continue }
            if fields[0] == "0", fields[1].isEmpty {
                for mount in mounts where mount.type == "cgroup2" {
                    limits += self.limits(of: fields[2], in: mount, files: ["memory.max", "memory.high"])
                }
            } else if fields[1].split(separator: ",").contains("memory") {
                for mount in mounts where mount.type == "cgroup" && mount.options.contains("memory") {
                    limits += self.limits(of: fields[2], in: mount, files: ["memory.limit_in_bytes"])
                }
            }
        }
        return limits.min()
    }

    /// What the files of a group and of those above it say, as far up as the mount shows.
    private func limits(of group: String, in mount: Mount, files: [String]) -> [UInt64] {
        var names = mount.path(of: group)
        var limits: [UInt64] = []
        while true {
            for file in files {
                let path = ([mount.point] + names + [file]).joined(separator: "/")
                // "max" is how version 2 writes that there is none.
                if let limit = lines(path).first.flatMap({ UInt64($0) }) { limits.append(limit) }
            }
            guard !names.isEmpty else { return limits }
            names.removeLast()
        }
    }

    /// One line of mountinfo: `36 35 98:0 /root /point options… - type source options`.
    private struct Mount {
        let root: String
        let point: String
        let type: String
        let options: [Substring]

        init?(_ line: String) {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count >= dash + 4 else { return nil }
            root = Self.unescaped(fields[3])
            point = Self.unescaped(fields[4])
            type = String(fields[dash + 1])
            options = fields[dash + 3].split(separator: ",")
        }

        /// The names that lead from the mount point to a group; none when the mount does not show it.
        func path(of group: String) -> [String] {
            let names = group.split(separator: "/")
            let above = root.split(separator: "/")
            guard names.starts(with: above), !names.contains("..") else { return [] }
            return names.dropFirst(above.count).map(String.init)
        }

        /// Spaces, tabs, newlines and backslashes are written as three octal digits.
        private static func unescaped(_ text: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = text.utf8[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "\\"), let code = UInt8(String(rest.prefix(3)) ?? "", radix: 8) {
                    bytes.append(code)
                    rest = rest.dropFirst(3)
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    /// The lines of a small file; none when it cannot be read.
    private func lines(_ path: String) -> [String] {
        let descriptor = unsafe open(root + path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        // Files of the kernel have no size: they are read until they end, or until they are absurdly long.
        while text.count < 4 << 20 {
            // The count is that of the buffer.
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
