import MoESystem

/// A file whose envelope is checked: one that is a model by itself, or one of a set.
struct OpenedFile {
    let storage: ReadableFile
    let envelope: OpenedEnvelope
    let directory: Directory
    /// What the file's set says about it; nil for a file of no set.
    let setRecord: SetRecord?

    /// - Throws: `FormatError` by the rules that are checked at open, but for those of banks and model.
    init(_ storage: ReadableFile) throws(FormatError) {
        self.storage = storage
        envelope = try OpenedEnvelope(storage)
        directory = Directory(storage, envelope: envelope)
        setRecord = try Self.ownRecord(envelope, directory)
        if let setRecord, !setRecord.isHead { try Self.checkMember(envelope) }
    }

    init(opening path: String) throws(FormatError) {
        do {
            try self.init(try ReadableFile(opening: path))
        } catch let error as FormatError {
            throw error
        } catch let error as SystemError {
            throw .io(error)
        } catch {
            throw .usage("\(error)")
        }
    }

    /// R93, as far as it speaks of the file itself.
    private static func ownRecord(_ envelope: OpenedEnvelope, _ directory: Directory) throws(FormatError) -> SetRecord?
    {
        guard let section = envelope.sections[.set] else { return nil }
        var reader = try directory.record(.set, 0, rule: .setRecords)
        let record = try SetRecord(&reader)
        let footer = envelope.footer
        let count = record.isHead ? UInt64(record.memberCount) + 1 : 1
        guard record.memberCount >= 1, record.file <= record.memberCount, section.count == count else {
            throw .broken(
                .setRecords, at: section.offset,
                "\(section.count) set records for file \(record.file) and \(record.memberCount) members")
        }
        guard record.fileLength == footer.fileLength, record.directoryOffset == footer.directoryOffset else {
            throw .broken(
                .setRecords, at: section.offset,
                "the set gives the file \(record.fileLength) bytes and blocks up to \(record.directoryOffset), its footer \(footer.fileLength) and \(footer.directoryOffset)"
            )
        }
        return record
    }

    /// R94: a member describes no tensors.
    private static func checkMember(_ envelope: OpenedEnvelope) throws(FormatError) {
        for kind in SectionKind.allCases where kind.isOfModel {
            guard let section = envelope.sections[kind], section.count > 0 else { continue }
            throw .broken(.memberContents, at: section.offset, "a member of a set has a section \(kind)")
        }
        for kind in [SectionKind.config, .source] where envelope.sections[kind] != nil {
            throw .broken(.memberContents, "a member of a set has a section \(kind)")
        }
        guard envelope.modelText == FileEnd.memberModel else {
            throw .broken(.memberContents, "a member of a set has a model of its own")
        }
    }
}
