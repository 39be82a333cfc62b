import MoESystem

/// What opening a file establishes before any record is read: the rules that SPEC.md §12 checks at open, but for the model.
struct OpenedEnvelope {
    /// How much of the file's end one read fetches: footer, section table, model and page hashes of most files.
    static let suffixBytes = 32 << 10

    let minorVersion: UInt16
    let footer: Footer
    let sections: KnownSections
    /// Every section that lies in the directory, those of unknown kind included.
    let directoryEntries: [SectionEntry]
    let pageHashes: [UInt64]
    let modelText: [UInt8]

    init(_ file: ReadableFile) throws(FormatError) {
        let length = file.size
        guard length >= UInt64(Header.encodedSize + Footer.encodedSize) else {
            throw .broken(.fileEnds, "the file has \(length) bytes; a .moe file has at least 128")
        }
        let headerBytes = try file.read(at: 0, count: Header.encodedSize)
        let suffixLength = Int(min(length, UInt64(Self.suffixBytes)))
        let suffix = Suffix(
            file: file, start: length - UInt64(suffixLength),
            bytes: try file.read(at: length - UInt64(suffixLength), count: suffixLength))
        // A file that is no .moe file at all is told so first, whatever its end looks like.
        minorVersion = try Header.check(headerBytes)
        let footerStart = length - UInt64(Footer.encodedSize)
        let footerBytes = try suffix.bytes(at: footerStart, count: Footer.encodedSize)
        footer = try Footer(footerBytes, fileLength: length)

        let tableLength = UInt64(footer.sectionCount) * UInt64(SectionEntry.encodedSize)
        guard footer.sectionCount <= UInt32(Limits.sections), footer.sectionTableOffset +? tableLength == footerStart,
            footer.directoryOffset >= UInt64(Header.encodedSize), footer.directoryOffset % 64 == 0,
            footer.directoryLength % 64 == 0, let directoryEnd = footer.directoryOffset +? footer.directoryLength,
            directoryEnd <= footer.sectionTableOffset
        else {
            throw .broken(.closedEnd, at: footerStart, "directory, section table and footer do not adjoin")
        }
        let table = try suffix.bytes(at: footer.sectionTableOffset, count: Int(tableLength))
        guard
            Integrity.matches(
                footer.envelopeHash, Footer.envelopeHash(header: headerBytes, sectionTable: table, footer: footerBytes))
        else {
            throw .broken(
                .envelopeHash, at: footerStart + 48, "the hash over header, section table and footer does not match")
        }
        let unknownFeatures = footer.requiredFeatures & ~Footer.setFeature
        guard unknownFeatures == 0 else {
            throw .unsupported(
                "the file requires the features 0x\(String(unknownFeatures, radix: 16)), which this version does not know",
                rule: .requiredFeatures)
        }
        try Header.checkZeros(headerBytes)
        try footer.checkZeros()
        let entries: [(place: UInt64, entry: SectionEntry)]
        (sections, entries) = try SectionTable.check(table, at: footer.sectionTableOffset)

        let hashes = try SectionTable.section(.pageHashes, in: sections)
        let model = try SectionTable.section(.model, in: sections)
        guard hashes.offset == directoryEnd, hashes.offset +? hashes.length == model.offset,
            model.offset +? model.length == footer.sectionTableOffset
        else {
            throw .broken(
                .closedEnd, at: footer.sectionTableOffset,
                "page hashes and model do not adjoin the directory and the section table")
        }
        directoryEntries = try SectionTable.checkPlaces(entries, footer: footer)
        guard hashes.count == footer.directoryLength.dividedRoundingUp(by: UInt64(Limits.pageBytes)) else {
            throw .broken(
                .pageCount, at: hashes.offset,
                "\(hashes.count) page hashes for a directory of \(footer.directoryLength) bytes")
        }
        guard model.length <= UInt64(Limits.modelBytes) else {
            throw .broken(
                .modelJSON, at: model.offset,
                "the model description has \(model.length) bytes; at most \(Limits.modelBytes) are allowed")
        }
        let hashBytes = try suffix.checked(hashes)
        let isOfSet = footer.requiredFeatures & Footer.setFeature != 0
        guard isOfSet == (sections[.set] != nil) else {
            throw .broken(
                .setFeature, at: footerStart + 20,
                isOfSet ? "a file of a set has no set section" : "a file of no set has a set section")
        }
        modelText = try suffix.checked(model)
        pageHashes = try Self.words(hashBytes, stride: Int(hashes.stride), count: Int(hashes.count))
    }

    private static func words(_ bytes: [UInt8], stride: Int, count: Int) throws(FormatError) -> [UInt64] {
        var words: [UInt64] = []
        words.reserveCapacity(count)
        var reader = ByteReader(bytes, rule: .sectionStride)
        for _ in 0..<count {
            words.append(try reader.u64())
            try reader.skip(stride - MemoryLayout<UInt64>.size)
        }
        return words
    }
}

/// The end of the file, read once; what lies before it is read when asked for.
private struct Suffix {
    let file: ReadableFile
    let start: UInt64
    let bytes: [UInt8]

    func bytes(at offset: UInt64, count: Int) throws(FormatError) -> [UInt8] {
        guard offset >= start else { return try file.read(at: offset, count: count) }
        let first = Int(offset - start)
        return Array(bytes[first..<first + count])
    }

    /// A section's bytes, checked against the hash in its entry.
    func checked(_ section: SectionEntry) throws(FormatError) -> [UInt8] {
        let bytes = try bytes(at: section.offset, count: Int(section.length))
        guard Integrity.matches(section.hash, XXH3.hash64(bytes)) else {
            throw .broken(.sectionHash, at: section.offset, "the hash of section \(section.kind) does not match")
        }
        return bytes
    }
}

/// The checks of the section table's entries: SPEC.md §5.
private enum SectionTable {
    static func check(_ table: [UInt8], at offset: UInt64) throws(FormatError)
        -> (KnownSections, [(place: UInt64, entry: SectionEntry)])
    {
        var reader = ByteReader(table, base: offset, rule: .closedEnd)
        var sections = KnownSections()
        var seen: Set<UInt32> = []
        var entries: [(place: UInt64, entry: SectionEntry)] = []
        while reader.remaining > 0 {
            let place = reader.offset
            entries.append((place, try SectionEntry(&reader)))
        }
        for (place, entry) in entries {
            let kind = SectionKind(rawValue: entry.kind)
            let isBytes = kind?.leastStride == 1
            guard entry.stride >= UInt32(kind?.leastStride ?? 1), !isBytes || entry.stride == 1, entry.count < 1 << 32,
                entry.count *? UInt64(entry.stride) == entry.length
            else {
                throw .broken(
                    .sectionStride, at: place,
                    "section kind \(entry.kind) has \(entry.count) records of \(entry.stride) bytes in \(entry.length)")
            }
        }
        for (place, entry) in entries {
            guard seen.insert(entry.kind).inserted else {
                throw .broken(.sectionOnce, at: place, "section kind \(entry.kind) occurs twice")
            }
            if let kind = SectionKind(rawValue: entry.kind) { sections[kind] = entry }
        }
        for (place, entry) in entries where SectionKind(rawValue: entry.kind) == nil && entry.isCritical {
            throw FormatError(
                .unsupported, rule: .sectionCritical, offset: place,
                "section kind \(entry.kind) is critical and unknown to this version")
        }
        for kind in SectionKind.allCases where kind.isRequired {
            _ = try section(kind, in: sections)
        }
        return (sections, entries)
    }

    /// R14, and which sections lie in the directory.
    static func checkPlaces(_ entries: [(place: UInt64, entry: SectionEntry)], footer: Footer) throws(FormatError)
        -> [SectionEntry]
    {
        var inside: [SectionEntry] = []
        var directoryEnd = footer.directoryOffset
        for (place, entry) in entries where SectionKind(rawValue: entry.kind)?.isInDirectory ?? true {
            guard entry.offset % 64 == 0, entry.offset >= directoryEnd, let end = entry.offset +? entry.length,
                end <= footer.directoryOffset + footer.directoryLength
            else {
                throw .broken(
                    .sectionPlace, at: place, "section kind \(entry.kind) does not lie in the directory in order")
            }
            directoryEnd = end
            inside.append(entry)
        }
        return inside
    }

    static func section(_ kind: SectionKind, in sections: KnownSections) throws(FormatError)
        -> SectionEntry
    {
        guard let entry = sections[kind] else {
            throw .broken(.sectionPresent, "section kind \(kind.rawValue) is missing")
        }
        return entry
    }
}

extension ReadableFile {
    /// Bytes of the file as a `FormatError` knows failures.
    ///
    /// - Throws: `FormatError` of kind `limit` when they exceed the memory there is: a file with holes is larger than its disk.
    func read(at offset: UInt64, count: Int) throws(FormatError) -> [UInt8] {
        try FormatError.checkMemory(count)
        do {
            return try bytes(at: offset, count: count)
        } catch {
            throw .io(error)
        }
    }
}
