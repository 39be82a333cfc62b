package import MoESystem

/// A `.moe` file open for reading: its directory, its description, and the way to its tensors.
///
/// Opening reads a few pages whatever the file's size, and decodes no weights. Everything that a call returns was checked
/// against the hashes and rules of SPEC.md §12. Safe to use from several threads at once.
///
/// ```swift
/// let file = try ModelFile(opening: "mixtral.moe")
/// if let tensor = try file.tensor(named: "model.norm.weight") {
///     let bytes = try file.bytes(of: tensor)
/// }
/// ```
public final class ModelFile: Sendable {
    /// The file underneath, for engines that read blocks their own way.
    package let storage: ReadableFile
    let directory: Directory
    package let decoders = DecoderPool()
    let recentBlocks = RecentBlocks()

    /// The format's minor version that the writer declared.
    public let minorVersion: Int
    /// How the model routes and what its experts compute.
    public let model: ModelDescription
    /// The MoE layers, in file order.
    public let banks: [Bank]
    /// The files that the model spans; nil when it is this one alone.
    public let set: FileSet?

    /// Opens a file and checks every rule that SPEC.md §12 checks at open.
    ///
    /// Of a set it is the head that is opened, also when a member is named; members are opened when something of them is wanted.
    ///
    /// - Throws: `FormatError`.
    /// - Complexity: O(banks + model description), independent of the number of tensors and of their size.
    public convenience init(opening path: String) throws(FormatError) {
        let file = try OpenedFile(opening: path)
        guard let record = file.setRecord, !record.isHead else {
            try self.init(file)
            return
        }
        try self.init(Self.head(ofMember: file, record))
    }

    /// Opens a file that is open already.
    package convenience init(reading storage: ReadableFile, members: MemberPlace = .besideHead) throws(FormatError) {
        try self.init(OpenedFile(storage), members: members)
    }

    private init(_ file: OpenedFile, members: MemberPlace = .besideHead) throws(FormatError) {
        storage = file.storage
        directory = file.directory
        set = FileSet(file, members: members)
        minorVersion = Int(file.envelope.minorVersion)
        banks = try Bank.all(in: directory)
        model = try ModelDescription(parsing: file.envelope.modelText, expertCounts: banks.map(\.expertCount))
    }

    /// The path as the caller gave it.
    public var path: String { storage.path }

    /// Bytes of the file that was opened: of a set, the head.
    public var byteCount: UInt64 { storage.size }

    /// Bytes of the file, and of all others of its set as the head says.
    ///
    /// - Throws: `FormatError` by R93.
    package func byteCountOfSet() throws(FormatError) -> UInt64 {
        guard let set else { return byteCount }
        var sum: UInt64 = 0
        for file in 0...set.memberCount { sum = sum.addingClamped(try set.byteCount(of: file)) }
        return sum
    }

    /// Tensors of the checkpoint, aliases not counted.
    public var tensorCount: Int { directory.count(.tensors) }

    public var aliasCount: Int { directory.count(.aliases) }

    package var blockCount: Int { directory.count(.blocks) }

    package var partCount: Int { directory.count(.parts) }

    /// The source's configuration file, byte for byte, when the file carries one.
    ///
    /// - Throws: `FormatError` by R91.
    public func configuration() throws(FormatError) -> [UInt8]? {
        guard let section = directory.sections[.config] else { return nil }
        guard section.length <= UInt64(Limits.configBytes) else {
            throw .broken(
                .configuration, "the configuration has \(section.length) bytes; at most \(Limits.configBytes) are read")
        }
        return try directory.all(.config)
    }

    /// Where the tensors came from, when the file tells.
    ///
    /// - Throws: `FormatError` by R90.
    public func source() throws(FormatError) -> SourceSection? {
        guard let bytes = try sourceBytes() else { return nil }
        let section = try SourceSection(decoding: bytes)
        if case .hdf5(let origin) = section {
            for tensor in origin.objects.compactMap(\.tensor) where tensor >= tensorCount {
                throw .broken(.source, "the source section names tensor \(tensor) of \(tensorCount)")
            }
        }
        return section
    }

    /// The source section as it is; for those who carry it along.
    package func sourceBytes() throws(FormatError) -> [UInt8]? {
        directory.sections[.source] == nil ? nil : try directory.all(.source)
    }
}
