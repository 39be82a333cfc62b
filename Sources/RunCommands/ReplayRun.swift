import CommandSupport
import MoEFormat
import MoERuntime

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
        if residency.lookAhead > 0, !steps.hasPredictions {
            throw .file(
                FormatError(.usage, "--look-ahead needs a trace with \"predicted\" lists, which \(trace) has not"))
        }
        let belady = try model.replay(steps)
        let elapsed = ContinuousClock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        guard case .object(var object) = StatisticsReport(model, seconds: seconds).json else { return }
        object["policy"] = .string(residency.policy.rawValue)
        object["tokens"] = .integer(Int64(steps.tokenCount))
        object["uses"] = .integer(Int64(clamping: model.statistics.hits + model.statistics.misses))
        if residency.lookAhead > 0 { object["look_ahead"] = .object(Self.json(model.statistics.lookAhead)) }
        object["belady_hits"] = .integer(Int64(belady))
        StandardOutput.line(JSONValue.object(object).indentedText)
    }

    private static func json(_ ahead: LookAheadStatistics) -> JSONObject {
        [
            "predicted": .integer(Int64(clamping: ahead.predictions)), "loads": .integer(Int64(clamping: ahead.loads)),
            "used": .integer(Int64(clamping: ahead.used)), "wasted": .integer(Int64(clamping: ahead.wasted)),
            "bytes": .integer(Int64(clamping: ahead.bytes)),
            "bytes_wasted": .integer(Int64(clamping: ahead.bytesWasted)),
            "saved_seconds": .number(ahead.savedSeconds), "wasted_seconds": .number(ahead.wastedSeconds),
            "ended_after": ahead.endedAfter.map { .integer(Int64(clamping: $0)) } ?? .null,
        ]
    }
}
