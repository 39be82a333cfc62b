public import ArgumentParser
package import CommandSupport
public import MoERuntime

/// The options that say how experts come into memory.
package struct ResidencyArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Bytes of experts in memory at once; with --replay also a percentage of all experts' bytes.",
            valueName: "SIZE|PERCENT%"))
    var budget: BudgetArgument = .automatic

    @Option(help: ArgumentHelp("How blocks are read: mapped, read or direct.", valueName: "mapped|read|direct"))
    var io = IOEngine.read

    @Option(
        help: ArgumentHelp("Which experts stay when memory is short: ewma2, lru or lfu.", valueName: "ewma2|lru|lfu"))
    var policy = CachePolicy.ewma2

    @Option(
        help: ArgumentHelp("Threads that load and compute; by default as many as there are processors.", valueName: "N")
    )
    var jobs: Int?

    @Option(
        help: ArgumentHelp(
            "With --replay: load up to N experts of a layer ahead, as the trace's \"predicted\" lists name them, while that pays.",
            valueName: "N"))
    var lookAhead = 0

    package init() {}

    package func validate() throws {
        if lookAhead < 0 { throw ValidationError("--look-ahead takes a number from 0 on") }
        if let jobs, jobs < 1 { throw ValidationError("--jobs takes a number from 1 on") }
    }

    /// - Parameter expertBytes: of all experts, which a percentage is of.
    func options(expertBytes: UInt64) -> MoEModel.Options {
        let budget: MemoryBudget =
            switch budget {
            case .automatic: .automatic
            case .size(let size): .bytes(size.bytes)
            case .percent(let percent): .bytes(BudgetArgument.bytes(percent, of: expertBytes))
            }
        return MoEModel.Options(memoryBudget: budget, engine: io, policy: policy, jobs: jobs, lookAhead: lookAhead)
    }
}

extension IOEngine: ExpressibleByArgument {}
extension CachePolicy: ExpressibleByArgument {}
