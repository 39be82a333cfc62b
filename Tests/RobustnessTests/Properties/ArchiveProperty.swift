import MoESystem

@testable import MoEConversion

/// Whatever the bytes of an archive or an index of shards, members give the bytes that the directory says, and files lie beside the
/// index; or an error says why not.
package enum ArchiveProperty {
    /// Members larger than this are not unpacked: what is tested is what decides about sizes, not memory.
    private static let memberBytes: UInt64 = 1 << 20

    @discardableResult
    package static func check(_ bytes: [UInt8], in scratch: ScratchFile) -> Bool {
        scratch.replace(with: bytes)
        if let index = try? ShardIndex(opening: scratch.path) {
            for file in index.files { expect(!file.contains("/") && file != "..", "shards lie beside their index") }
        }
        guard let file = try? ReadableFile(opening: scratch.path), let archive = try? ZipArchive(file) else {
            return false
        }
        for member in archive.members.prefix(3) {
            let isAlone = archive.members.count { $0.name == member.name } == 1
            expect(((try? archive.member(named: member.name)) != nil) == isAlone, "a name leads to its member")
        }
        for member in archive.members where member.size <= memberBytes && member.compressedSize <= memberBytes {
            var count: UInt64 = 0
            let isRead = (try? archive.read(member) { count += UInt64($0.count) }) != nil
            if isRead { expect(count == member.size, "a member has the size that the directory says") }
        }
        return true
    }
}
