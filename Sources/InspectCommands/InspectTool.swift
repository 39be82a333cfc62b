package import ArgumentParser
import CommandSupport

/// `moe-inspect`: what is in a `.moe` file.
package struct InspectTool: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "moe-inspect",
        abstract: "Shows what is in a .moe file, without decoding its weights.",
        discussion: """
            Exit codes: 0 done, 1 verify found damage, 64 wrong usage, 65 the file is damaged or no .moe file, \
            66 it cannot be opened, 69 it needs a newer version, 74 I/O failed.
            """,
        version: MoEVersion.text,
        subcommands: [SummaryCommand.self, VerifyCommand.self, ExtractCommand.self],
        defaultSubcommand: SummaryCommand.self)

    package init() {}
}
