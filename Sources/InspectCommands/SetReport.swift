import CommandSupport
import MoEFormat

/// The files of a set, described for people.
struct SetReport {
    private let dump: SetDump

    /// nil for a file of no set.
    init?(_ file: ModelFile) throws(FormatError) {
        guard let dump = try SetDump(file) else { return nil }
        self.dump = dump
    }

    func show() {
        StandardOutput.line("")
        var table = TextTable([("file of the set", .left), ("blocks", .right), ("bytes", .right), ("", .left)])
        for file in dump.files {
            table.add([
                file.name, "\(file.blockCount)", ByteSize.text(file.byteCount), file.problem?.description ?? "",
            ])
        }
        for line in table.lines { StandardOutput.line("  " + line) }
    }

    /// The files that nothing can be read from.
    var unusable: [SetDump.File] { dump.files.filter { $0.problem != nil } }
}
