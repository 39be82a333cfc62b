import Foundation
import Testing

/// The manual pages under `man/`, which `make manual` makes from the commands' help, are of the commands as they are.
@Suite struct ManualTests {
    @Test(arguments: [Command.convert, .inspect, .run])
    func everyOptionStandsInTheManual(of command: Command) throws {
        let page = try String(contentsOfFile: Repository.path("man/\(command.name).1"), encoding: .utf8)
        let listed = Set(page.matches(of: /(?:Fl |, )-([a-z][a-z-]*)/).map { String($0.output.1) })
        var helped = try options(of: command, [])
        for subcommand in try subcommands(of: command) { helped.formUnion(try options(of: command, [subcommand])) }
        #expect(listed == helped, "run make manual")
    }

    private func help(_ command: Command, _ path: [String]) throws -> String {
        let outcome = try command.start(path + ["--help"])
        try #require(outcome.status == 0, "\(outcome.error)")
        return String(decoding: outcome.output, as: UTF8.self)
    }

    /// The options in the left column of the help.
    private func options(of command: Command, _ path: [String]) throws -> Set<String> {
        let lines = try help(command, path).split(separator: "\n").filter { $0.hasPrefix("  -") }
        return Set(lines.flatMap { $0.prefix(26).matches(of: /--([a-z][a-z-]*)/).map { String($0.output.1) } })
    }

    private func subcommands(of command: Command) throws -> [String] {
        guard let list = try help(command, []).firstMatch(of: /(?s)SUBCOMMANDS:\n(.*?)\n\n/)?.output.1 else {
            return []
        }
        return list.matches(of: /(?m)^  ([a-z][a-z-]*)/).map { String($0.output.1) }
    }
}
