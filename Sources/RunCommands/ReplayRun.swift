import CommandSupport
import MoEFormat
import MoERuntime
import MoESystem

/// `moe-run --replay`: the expert cache of `forward`, driven along a recorded trace.
struct ReplayRun {
    let file: String
    let trace: String
    let residency: ResidencyArguments

    func run() throws(RuntimeError) {
        let start = ContinuousClock.now
        let probe = try MoEModel(opening: file, options: .init(memoryBudget: .bytes(0), jobs: 1))
        let model = try MoEModel(opening: file, options: residency.options(expertBytes: try probe.expertBytes()))
        let steps = try RoutingTrace(opening: trace, banks: model.banks.map(\.expertCount))
        let belady = try model.replay(steps)
        let elapsed = ContinuousClock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        guard case .object(var object) = StatisticsReport(model, seconds: seconds).json else { return }
        object["policy"] = .string(residency.policy.rawValue)
        object["tokens"] = .integer(Int64(steps.tokenCount))
        object["uses"] = .integer(Int64(clamping: model.statistics.hits + model.statistics.misses))
        object["belady_hits"] = .integer(Int64(belady))
        StandardOutput.line(JSONValue.object(object).indentedText)
    }
}
