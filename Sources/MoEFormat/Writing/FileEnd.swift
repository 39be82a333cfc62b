/// What follows the blocks of a file, from the directory to the footer: SPEC.md §4 and §5.
struct FileEnd {
    /// The model of a member of a set, which describes none.
    static let memberModel = Array("{\"schema\":1}".utf8)

    /// The directory's sections, in order.
    var sections: [(kind: SectionKind, bytes: [UInt8])]
    let model: [UInt8]

    private var isOfSet: Bool { sections.contains { $0.kind == .set } }

    /// The end of a member of a set.
    static func member(_ record: SetRecord) -> FileEnd {
        var end = FileEnd(sections: SectionKind.allCases.filter(\.isOfModel).map { ($0, []) }, model: memberModel)
        end.sections.append((.set, encoded([record])))
        return end
    }

    static func encoded(_ records: [SetRecord]) -> [UInt8] {
        var writer = ByteWriter()
        for record in records { record.encode(into: &writer) }
        return writer.bytes
    }

    /// Bytes of the directory.
    private var directoryLength: UInt64 {
        sections.reduce(0) { length, section in (length + UInt64(section.bytes.count)).aligned }
    }

    /// Bytes from the directory to the end of the file.
    var byteCount: UInt64 {
        let pages = directoryLength.dividedRoundingUp(by: UInt64(Limits.pageBytes))
        let entries = UInt64((sections.count + 2) * SectionEntry.encodedSize)
        return directoryLength + 8 * pages + UInt64(model.count) + entries + UInt64(Footer.encodedSize)
    }

    /// The bytes, for a file whose blocks end at `offset`, a multiple of 64.
    func encoded(at offset: UInt64) -> [UInt8] {
        var bytes = ByteWriter(reserving: Int(byteCount))
        var entries: [SectionEntry] = []
        for (kind, section) in sections {
            bytes.align(to: 64)
            entries.append(SectionEntry(kind, offset: offset + UInt64(bytes.bytes.count), bytes: section))
            bytes.put(section)
        }
        bytes.align(to: 64)
        let directoryLength = UInt64(bytes.bytes.count)

        var hashes = ByteWriter()
        for start in stride(from: 0, to: bytes.bytes.count, by: Limits.pageBytes) {
            hashes.put(XXH3.hash64(Array(bytes.bytes[start..<min(start + Limits.pageBytes, bytes.bytes.count)])))
        }
        for (kind, section) in [(SectionKind.pageHashes, hashes.bytes), (.model, model)] {
            entries.append(SectionEntry(kind, offset: offset + UInt64(bytes.bytes.count), bytes: section))
            bytes.put(section)
        }
        var table = ByteWriter()
        for entry in entries.sorted(by: { $0.kind < $1.kind }) { entry.encode(into: &table) }
        let tableOffset = offset + UInt64(bytes.bytes.count)
        bytes.put(table.bytes)
        let footer = Footer(
            fileLength: tableOffset + UInt64(table.bytes.count + Footer.encodedSize), sectionTableOffset: tableOffset,
            sectionCount: UInt32(entries.count), requiredFeatures: isOfSet ? Footer.setFeature : 0,
            directoryOffset: offset, directoryLength: directoryLength)
        bytes.put(footer.encoded(header: Header.encoded, sectionTable: table.bytes))
        return bytes.bytes
    }
}

extension UInt64 {
    /// The next multiple of 64, for lengths that are far from the largest number.
    var aligned: UInt64 { (self + 63) / 64 * 64 }
}
