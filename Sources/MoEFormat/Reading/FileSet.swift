import MoESystem

/// The files that a model spans when it is a set: SPEC.md §13.
///
/// Members are opened when something of them is wanted, and checked to be the set's own before a byte is used. Safe to use from
/// several threads at once.
public final class FileSet: Sendable {
    /// Members that are open at once, at most: a process may have few descriptors.
    private static let openLimit = 64

    /// Stands for the content of the whole set and for how it is cut.
    public let identity: ContentHash
    /// Files but for the head.
    public let memberCount: Int
    private let name: SetName
    private let directory: Directory
    private let place: MemberPlace
    private let members = Locked(OpenMembers())

    /// The set of an opened head; nil for a file of no set.
    ///
    init?(_ head: OpenedFile, members place: MemberPlace = .besideHead) {
        guard let record = head.setRecord else { return nil }
        identity = record.identity
        memberCount = Int(record.memberCount)
        directory = head.directory
        name = SetName(head: head.storage.path)
        self.place = place
    }

    /// The path of a file of the set; 0 is the head.
    public func path(of file: Int) -> String { file == 0 ? name.head : name.member(file, of: memberCount) }

    /// Bytes of a file of the set, as the head says; 0 is the head.
    ///
    /// - Throws: `FormatError` by R93.
    public func byteCount(of file: Int) throws(FormatError) -> UInt64 { try record(of: file).fileLength }

    /// Opens every member and checks that it is the set's own.
    ///
    /// - Throws: `FormatError` of kind `io` for the first that is missing; by R95 for the first that is another's, or is damaged at
    ///   its ends.
    /// - Complexity: O(members); a few pages of each are read.
    public func checkMembers() throws(FormatError) {
        for number in 1...memberCount { _ = try member(number) }
    }

    /// Members that are open now.
    var openMembers: Int { members.withLock { $0.count } }

    /// The head's record of a file: R93.
    func record(of file: Int) throws(FormatError) -> SetRecord {
        var reader = try directory.record(.set, file, rule: .setRecords)
        let offset = reader.offset
        let record = try SetRecord(&reader)
        guard Int(record.file) == file, Int(record.memberCount) == memberCount, record.identity == identity else {
            throw .broken(.setRecords, at: offset, "record \(file) of the set is about another file or another set")
        }
        // No file says so of itself: behind its directory come a section table and a footer.
        guard record.directoryOffset <= record.fileLength, record.fileLength < 1 << 63 else {
            throw .broken(
                .setRecords, at: offset,
                "record \(file) of the set gives the file \(record.fileLength) bytes and blocks up to \(record.directoryOffset)"
            )
        }
        return record
    }

    /// An open member, from 1 on.
    func member(_ number: Int) throws(FormatError) -> ReadableFile {
        if let file = members.withLock({ $0.use(number) }) { return file }
        // Opened without the lock: two threads may open the same member, and either will do.
        let file = try opened(number).storage
        members.withLock { $0.keep(file, as: number, limit: Self.openLimit) }
        return file
    }

    /// A member's envelope, checked against the head: R95.
    func opened(_ number: Int) throws(FormatError) -> OpenedFile {
        let expected = try record(of: number)
        let storage: ReadableFile
        do throws(SystemError) {
            storage = try place.open(number, of: memberCount, named: name)
        } catch {
            throw FormatError(
                .io, "\(error); it is file \(number) of \(memberCount) of the set \(SetName.file(of: name.head))",
                cause: error)
        }
        let place = SetName.file(of: path(of: number))
        do throws(FormatError) {
            guard storage.size == expected.fileLength else {
                throw .broken(
                    .memberOfSet,
                    "file \(number) of the set has \(storage.size) bytes, not \(expected.fileLength): it is cut short, or of another set"
                )
            }
            let file = try OpenedFile(storage)
            guard let record = file.setRecord, record == expected else {
                throw .broken(
                    .memberOfSet, "it is not file \(number) of the set: \(Self.words(file.setRecord, expected))")
            }
            return file
        } catch {
            throw error.inFile(place)
        }
    }

    private static func words(_ found: SetRecord?, _ expected: SetRecord) -> String {
        guard let found else { return "it belongs to no set" }
        if found.identity != expected.identity { return "it belongs to another set, as an older conversion would" }
        if found.file != expected.file { return "it is file \(found.file)" }
        return "it says something else of itself than the head does"
    }
}

/// The members that are open, those that were wanted last.
private struct OpenMembers {
    private var files: [Int: ReadableFile] = [:]
    /// The one that was wanted last is the last.
    private var order: [Int] = []

    var count: Int { files.count }

    mutating func use(_ number: Int) -> ReadableFile? {
        guard let file = files[number] else { return nil }
        if order.last != number {
            order.removeAll { $0 == number }
            order.append(number)
        }
        return file
    }

    mutating func keep(_ file: ReadableFile, as number: Int, limit: Int) {
        if files[number] == nil { order.append(number) }
        files[number] = file
        // Whoever still reads from a file keeps it open for as long.
        if order.count > limit { files[order.removeFirst()] = nil }
    }
}
