import MoESystem

/// The directory's bytes, fetched and checked page by page when first touched: SPEC.md §5.1.
///
/// Pages are kept once checked; they never change, so readers share them without copying.
final class Directory: Sendable {
    private let file: ReadableFile
    private let offset: UInt64
    private let length: UInt64
    private let pageHashes: [UInt64]
    let sections: KnownSections
    /// Every section that lies in the directory, those of unknown kind included.
    let allEntries: [SectionEntry]
    /// Those that were read; as a rule few of them all.
    private let pages = Locked<[Int: [UInt8]]>([:])

    init(_ file: ReadableFile, envelope: OpenedEnvelope) {
        self.file = file
        offset = envelope.footer.directoryOffset
        length = envelope.footer.directoryLength
        pageHashes = envelope.pageHashes
        sections = envelope.sections
        allEntries = envelope.directoryEntries
    }

    /// The file offset up to which blocks may lie.
    var blocksEnd: UInt64 { offset }

    /// Records of a section; 0 for one that the file does not have.
    func count(_ kind: SectionKind) -> Int { Int(sections[kind]?.count ?? 0) }

    /// A cursor over one record.
    ///
    /// - Throws: `FormatError` by `rule` when there is no such record, by R17 when a page is damaged.
    /// - Complexity: O(1); reads one page of the file the first time.
    func record(_ kind: SectionKind, _ index: Int, rule: Rule) throws(FormatError) -> ByteReader {
        guard let section = sections[kind], index >= 0, UInt64(index) < section.count else {
            throw .broken(rule, "record \(index) of \(count(kind)) \(kind)")
        }
        let start = section.offset + UInt64(index) * UInt64(section.stride)
        return try reader(at: start, count: Int(section.stride), rule: rule)
    }

    /// A cursor over `count` bytes of a section from `position` on.
    func bytes(of kind: SectionKind, at position: UInt64, count: Int, rule: Rule) throws(FormatError) -> ByteReader {
        guard let section = sections[kind], let end = position +? UInt64(count), end <= section.length else {
            throw .broken(
                rule, "\(count) bytes at \(position) of the \(kind) section, which has \(sections[kind]?.length ?? 0)")
        }
        return try reader(at: section.offset + position, count: count, rule: rule)
    }

    /// All bytes of a section.
    func all(_ kind: SectionKind) throws(FormatError) -> [UInt8] {
        guard let section = sections[kind] else { return [] }
        return try assembled(at: section.offset, count: Int(section.length))
    }

    /// All bytes of the directory.
    func all() throws(FormatError) -> [UInt8] { try assembled(at: offset, count: Int(length)) }

    private func reader(at start: UInt64, count: Int, rule: Rule) throws(FormatError) -> ByteReader {
        let first = Int(start - offset) % Limits.pageBytes
        let page = Int(start - offset) / Limits.pageBytes
        if count > 0, first + count <= Limits.pageBytes {
            return ByteReader(
                try self.page(page), range: first..<first + count, base: start - UInt64(first), rule: rule)
        }
        return ByteReader(try assembled(at: start, count: count), base: start, rule: rule)
    }

    private func assembled(at start: UInt64, count: Int) throws(FormatError) -> [UInt8] {
        try FormatError.checkMemory(count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        var position = Int(start - offset)
        let end = position + count
        while position < end {
            let page = position / Limits.pageBytes
            let first = position % Limits.pageBytes
            let last = min(Limits.pageBytes, first + end - position)
            bytes.append(contentsOf: try self.page(page)[first..<last])
            position += last - first
        }
        return bytes
    }

    private func page(_ index: Int) throws(FormatError) -> [UInt8] {
        if let page = pages.withLock({ $0[index] }) { return page }
        // Read without the lock: two threads may fetch the same page, and both get the same bytes.
        let start = UInt64(index) * UInt64(Limits.pageBytes)
        let bytes = try file.read(at: offset + start, count: Int(min(UInt64(Limits.pageBytes), length - start)))
        guard Integrity.matches(pageHashes[index], XXH3.hash64(bytes)) else {
            throw .broken(.pageHash, at: offset + start, "page \(index) of the directory does not match its hash")
        }
        pages.withLock { $0[index] = bytes }
        return bytes
    }
}
