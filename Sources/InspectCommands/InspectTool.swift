package import ArgumentParser
import CommandSupport

/// `moe-inspect`: what is in a `.moe` file.
package struct InspectTool: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "moe-inspect",
        abstract: "Shows what is in a .moe file, without decoding its weights unless asked.",
        discussion: """
            Exit codes: 0 done, 1 verify found damage or diff a difference, 64 wrong usage, 65 the file is damaged or no .moe file, \
            66 it cannot be opened, 69 it needs a newer version, 73 an output cannot be created, 74 I/O failed.
            """,
        version: MoEVersion.text,
        subcommands: [
            SummaryCommand.self, VerifyCommand.self, ExtractCommand.self, DiffCommand.self, HistogramCommand.self,
            NormsCommand.self, ReportCommand.self,
        ],
        defaultSubcommand: SummaryCommand.self)

    package init() {}
}
