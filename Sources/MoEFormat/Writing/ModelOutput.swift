package import MoESystem

/// The files that a model is written to: one, or a set where that would be too long. They appear under their names together, when
/// all are whole.
///
/// Used by one thread.
package final class ModelOutput {
    /// The name of the model: of the one file, or of the head.
    package let path: String
    /// Bytes that a file of a set has at most, but for one of a single block; nil for one file of any length.
    package let fileLimit: UInt64?
    private let isReplacing: Bool
    private var outputs: [AtomicOutput]
    private var head: AtomicOutput?

    /// Begins the first file.
    ///
    /// - Throws: `SystemError`; with `EEXIST` when the name, or that of a member, is taken and may not be replaced.
    package init(_ path: String, replacing: Bool, fileLimit: UInt64? = nil) throws(SystemError) {
        self.path = path
        self.fileLimit = fileLimit
        isReplacing = replacing
        outputs = [try AtomicOutput(path, replacing: replacing)]
        guard fileLimit != nil else { return }
        DescriptorLimit.raise()
        if !replacing, let taken = SetName(head: path).existingMembers.first {
            throw SystemError("cannot create", path: taken, number: SystemError.alreadyExists)
        }
    }

    /// One file that was begun already; whoever began it commits it.
    package init(_ output: AtomicOutput) {
        path = output.path
        fileLimit = nil
        isReplacing = false
        outputs = [output]
    }

    /// The directory that the files are in.
    package var directory: String { outputs[0].directory }

    /// Bytes free for the files, as the file system tells.
    package var freeSpace: UInt64? { outputs[0].freeSpace }

    /// The file that is being written.
    var current: AtomicOutput { head ?? outputs[outputs.count - 1] }

    /// Files but for the head; 0 as long as there is only one.
    var memberCount: Int { head == nil ? 0 : outputs.count }

    /// Begins a further member.
    func beginMember() throws(FormatError) {
        guard outputs.count < Limits.members else {
            throw .limit("a set has at most \(Limits.members) members; larger ones are needed")
        }
        outputs.append(try begin())
    }

    /// Begins the head: all files so far are members.
    func beginHead() throws(FormatError) { head = try begin() }

    func member(_ number: Int) -> AtomicOutput { outputs[number - 1] }

    private func begin() throws(FormatError) -> AtomicOutput {
        do { return try outputs[0].beside(path) } catch { throw .io(error) }
    }

    /// The bytes written, opened for checking before they have their names.
    ///
    /// - Throws: `FormatError`.
    package func reopened() throws(FormatError) -> ModelFile {
        let storage: ReadableFile
        do throws(SystemError) { storage = try current.reopened() } catch { throw .io(error) }
        return try ModelFile(reading: storage, members: .outputs(outputs))
    }

    /// Makes the files durable and gives them their names, the head last.
    ///
    /// Of a set that is replaced nothing stays. An interruption waits: it finds the older model or the new one. SIGKILL does not: between
    /// the first name and the last it finds members without a head, and the older set gone where it had as many.
    ///
    /// - Throws: `SystemError`; then no head has its name that leads to files of two sets.
    package func commit() throws(SystemError) {
        let name = SetName(head: path)
        let paths = head == nil ? [] : outputs.indices.map { name.member($0 + 1, of: outputs.count) }
        // All the waiting for the device is done before the first name is given.
        for output in outputs { try output.synchronize() }
        try head?.synchronize()
        let older = isReplacing ? ReplacedSet(name) : nil
        // From the first name to the last there is no model: the shorter, the better.
        let replaced = older?.open()
        defer { withExtendedLifetime(replaced) {} }
        try PendingOutputs.uninterrupted { () throws(SystemError) in
            // Where the members of both have the same names, the older head goes before the first of them does.
            if let older, older.memberCount == paths.count { try NamedFile.remove(path) }
            try giveNames(paths)
        }
        older?.removeMembers(but: Set(paths))
    }

    private func giveNames(_ paths: [String]) throws(SystemError) {
        var named: [String] = []
        do throws(SystemError) {
            for (output, path) in zip(outputs, paths) {
                try output.takeName(path)
                named.append(path)
            }
            if !paths.isEmpty { current.synchronizeDirectory() }
            try current.commit()
        } catch {
            for path in named { try? NamedFile.remove(path) }
            throw error
        }
    }
}
