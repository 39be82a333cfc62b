package import MoESystem

extension ModelFile {
    /// Opens the head in the place of a member that was named, where names tell which it is.
    ///
    /// - Throws: `FormatError` of kind `usage` that says which file to open, where they do not.
    static func head(ofMember member: OpenedFile, _ record: SetRecord) throws(FormatError) -> OpenedFile {
        let (number, count) = (Int(record.file), Int(record.memberCount))
        let path = member.storage.path
        let about = "\(SetName.file(of: path)) is file \(number) of \(count) of a set"
        guard let name = SetName(member: path, number, of: count) else {
            throw .usage("\(about); open the head of the set, which has no number in its name")
        }
        let head: OpenedFile
        do throws(FormatError) {
            head = try OpenedFile(opening: name.head)
        } catch {
            throw error.kind == .io
                ? FormatError(.io, "\(error); \(about), which is opened by this file", cause: error.cause) : error
        }
        guard let set = FileSet(head), head.setRecord?.isHead == true, set.memberCount == count,
            try set.record(of: number) == record
        else {
            throw .broken(.memberOfSet, "\(SetName.file(of: name.head)) is the head of another set; \(about)")
        }
        return head
    }

    /// The file that a block lies in: this one, or a member of its set.
    ///
    /// - Throws: `FormatError` as `FileSet.checkMembers` does for that member.
    package func storage(of block: Block) throws(FormatError) -> ReadableFile {
        try storage(ofFile: Int(block.record.file))
    }

    func storage(ofFile file: Int) throws(FormatError) -> ReadableFile {
        guard file > 0, let set else { return storage }
        return try set.member(file)
    }

    /// Where the blocks of a file of the set end; 0 is this one.
    func blocksEnd(ofFile file: Int) throws(FormatError) -> UInt64 {
        guard file > 0, let set else { return directory.blocksEnd }
        return try set.record(of: file).directoryOffset
    }
}
