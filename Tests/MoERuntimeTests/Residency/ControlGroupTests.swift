import Foundation
import Testing

@testable import MoESystem

/// Memory limits as Linux tells them, in trees made here.
@Suite struct ControlGroupTests {
    private final class Tree {
        private let root = FileManager.default.temporaryDirectory.appending(path: "moe-groups-\(UUID().uuidString)")

        init(_ files: [String: String]) throws {
            for (path, text) in files {
                let file = root.appending(path: path)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(at: root) }

        var limit: UInt64? { ControlGroups(root: root.path(percentEncoded: false)).memoryLimit }
    }

    private static let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
    private static let version1 =
        "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"

    @Test func theLeastOfAGroupAndThoseAboveItCounts() throws {
        let tree = try Tree([
            "proc/self/mountinfo": Self.version2, "proc/self/cgroup": "0::/user.slice/job/inner\n",
            "sys/fs/cgroup/user.slice/memory.max": "8000\n", "sys/fs/cgroup/user.slice/job/memory.max": "5000\n",
            "sys/fs/cgroup/user.slice/job/inner/memory.max": "max\n", "sys/fs/cgroup/elsewhere/memory.max": "1\n",
        ])
        #expect(tree.limit == 5000)
    }

    @Test func whatThrottlesCountsLikeALimit() throws {
        let tree = try Tree([
            "proc/self/mountinfo": Self.version2, "proc/self/cgroup": "0::/job\n",
            "sys/fs/cgroup/job/memory.max": "8000\n", "sys/fs/cgroup/job/memory.high": "6000\n",
        ])
        #expect(tree.limit == 6000)
    }

    @Test func withoutANumberThereIsNoLimit() throws {
        let tree = try Tree([
            "proc/self/mountinfo": Self.version2, "proc/self/cgroup": "0::/job\n",
            "sys/fs/cgroup/job/memory.max": "max\n",
        ])
        #expect(tree.limit == nil)
        #expect(try Tree([:]).limit == nil)
    }

    @Test func version1IsFoundBesideVersion2() throws {
        let tree = try Tree([
            "proc/self/mountinfo": Self.version1
                + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
            "proc/self/cgroup": "5:cpu:/\n4:blkio,memory:/batch/one\n0::/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/batch/memory.limit_in_bytes": "7000\n",
            "sys/fs/cgroup/memory/batch/one/memory.limit_in_bytes": "9000\n",
        ])
        #expect(tree.limit == 7000)
    }

    /// In a container the mount shows the group itself as its root, and the process's path is the host's.
    @Test(arguments: ["/docker/a b", "/somewhere/else", "/../up"])
    func aContainersMountIsItsOwnGroup(group: String) throws {
        let tree = try Tree([
            "proc/self/mountinfo": "30 23 0:26 /docker/a\\040b /sys/fs/cgroup rw - cgroup2 cgroup rw\n",
            "proc/self/cgroup": "0::\(group)\n", "sys/fs/cgroup/memory.max": "4096000\n",
        ])
        #expect(tree.limit == 4_096_000)
    }

    @Test(arguments: ["", "::\n", "0:\n:::::\n", "0::/\n4:memory\n", "\u{0}\n"])
    func nonsenseIsNoLimit(text: String) throws {
        let tree = try Tree(["proc/self/mountinfo": "1 2 3\n- - -\n" + Self.version1, "proc/self/cgroup": text])
        #expect(tree.limit == nil)
    }

    @Test func theProcessMayUseSomeMemory() {
        #expect(MemoryLimit.current() > 1 << 20)
        #expect(MemoryLimit.current() <= MemoryLimit.current(ControlGroups(root: "/nowhere")))
    }
}
