package import ArgumentParser
import CommandSupport
import MoEFormat
import MoESystem

/// `moe-inspect report FILE -o OUT.html`: a picture of the file in one page.
package struct ReportCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Writes a picture of the file as one self-contained HTML page.",
        discussion: """
            Sizes by layer and role, a map of layers by experts, compression by type and plane, and a table of all tensors. The \
            page loads nothing and needs no network. Norms and planes take decoding every weight; --quick leaves them out and \
            reads the directory only. The same file and options give the same page.

            With --trace, a recorded routing as moe-run --replay takes it, the map also shows how often experts were chosen; with \
            --budget, how often the runtime's cache had them.
            """)

    @Argument(help: "The .moe file.", completion: .file(extensions: ["moe"]))
    var file: String

    @Option(name: .shortAndLong, help: ArgumentHelp("Where to write; - is standard output.", valueName: "OUT.html|-"))
    var output: String

    @Option(
        help: ArgumentHelp("A recorded routing: how often each expert was chosen.", valueName: "TRACE.jsonl"),
        completion: .file(extensions: ["jsonl"]))
    var trace: String?

    @Option(
        help: ArgumentHelp(
            "Drive the expert cache along the trace with so many bytes, or a percentage of all experts' bytes.",
            valueName: "SIZE|PERCENT%"))
    var budget: BudgetArgument?

    @Flag(help: "Read the directory only: sizes, without norms and planes.")
    var quick = false

    @Flag(help: "Replace an existing output.")
    var force = false

    @OptionGroup
    var work: WorkArguments

    package init() {}

    package func validate() throws {
        if budget != nil, trace == nil { throw ValidationError("--budget goes with --trace") }
    }

    package func run() throws {
        try CommandRunner.run("moe-inspect") {
            if output == "-" {
                StandardOutput.bytes(try page())
                return
            }
            // Before the work: a name that is taken is told at once.
            let destination = try writing { () throws(SystemError) in try AtomicOutput(output, replacing: force) }
            let page = try page()
            try writing { () throws(SystemError) in
                try destination.write(page)
                try destination.commit()
            }
        }
    }

    private func writing<Result>(_ body: () throws(SystemError) -> Result) throws -> Result {
        do throws(SystemError) { return try body() } catch { throw CommandFailure(writing: error) }
    }

    private func page() throws -> [UInt8] {
        let scan: ModelScan
        do throws(FormatError) {
            let model = try ModelFile(opening: file)
            let total = quick ? 0 : try FileDump(model).totals().tensorBytes
            let progress = ProgressLine("decoding", total: total, isQuiet: work.quiet || quick)
            defer { progress.finish() }
            scan = try ModelScan(of: model, decodes: !quick, workers: work.workers) {
                progress.update($0)
            }
        } catch {
            throw CommandFailure(error, path: file)
        }
        let routing = try trace.map { trace in
            try RoutingUse(trace: trace, file: scan.file, budget: budget, jobs: work.jobs)
        }
        let traceName = trace?.split(separator: "/").last.map(String.init) ?? ""
        return ReportPage.bytes(ReportData(scan, routing: routing, traceName: traceName).json)
    }
}
