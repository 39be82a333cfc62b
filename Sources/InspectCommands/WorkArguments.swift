package import ArgumentParser
import CommandSupport
package import MoESystem

/// The options of commands that decode much.
package struct WorkArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Decode on so many threads.", valueName: "N"))
    var jobs: Int?

    @Flag(help: "No progress.")
    var quiet = false

    package init() {}

    package func validate() throws {
        if let jobs, jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
    }

    /// As many as asked for; otherwise one a processor.
    var workers: Workers { jobs.map(Workers.init) ?? .all }
}
