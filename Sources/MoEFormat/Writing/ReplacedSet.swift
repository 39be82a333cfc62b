import MoESystem

/// A set that is about to be replaced by another model of its name.
struct ReplacedSet {
    private let files: FileSet

    var memberCount: Int { files.memberCount }

    /// The set whose head a name leads to; nil where it leads to anything else.
    init?(_ name: SetName) {
        guard let head = try? OpenedFile(opening: name.head), head.setRecord?.isHead == true,
            let set = FileSet(head)
        else { return nil }
        files = set
    }

    /// Its members as they are now, open. Their names can be taken without waiting for the storage to be freed, which takes long for
    /// large files.
    func open() -> [ReadableFile] {
        (1...files.memberCount).prefix(1000).compactMap { try? ReadableFile(opening: files.path(of: $0)) }
    }

    /// Removes the members that are this set's own, but for those names that are another's by now.
    func removeMembers(but kept: Set<String>) {
        for number in 1...files.memberCount {
            let path = files.path(of: number)
            guard !kept.contains(path), (try? files.opened(number)) != nil else { continue }
            // What cannot be removed is in nobody's way.
            try? NamedFile.remove(path)
        }
    }
}
