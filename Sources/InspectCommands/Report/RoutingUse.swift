import CommandSupport
import MoEFormat
import MoERuntime

/// How often a recorded routing used each expert, and how often the expert cache had it.
struct RoutingUse {
    let tokens: Int
    /// [bank][expert].
    private(set) var uses: [[Int]]
    /// The cache's part; nil without a budget.
    private(set) var cache: Cache?

    struct Cache {
        let budget: Int
        /// [bank][expert].
        var hits: [[Int]]
        var hitCount = 0
        var missCount = 0
        /// Hits of a policy that knows the future.
        var beladyHits = 0
    }

    /// Counts the uses of a trace and, with a budget, drives the cache of `forward` along it, which reads the experts.
    ///
    /// - Throws: `CommandFailure`.
    init(trace path: String, file: ModelFile, budget: BudgetArgument?, jobs: Int?) throws {
        let trace: RoutingTrace
        do throws(RuntimeError) {
            trace = try RoutingTrace(opening: path, banks: file.banks.map(\.expertCount))
        } catch {
            throw CommandFailure(error, path: path)
        }
        tokens = trace.tokenCount
        uses = file.banks.map { Array(repeating: 0, count: $0.expertCount) }
        for step in trace.steps {
            for (bank, experts) in step.enumerated() { for expert in experts { uses[bank][expert] += 1 } }
        }
        guard let budget else { return }
        do throws(RuntimeError) {
            cache = try Self.replay(trace, file: file, budget: budget, jobs: jobs)
        } catch {
            throw CommandFailure(error, path: file.path)
        }
    }

    private static func replay(_ trace: RoutingTrace, file: ModelFile, budget: BudgetArgument, jobs: Int?)
        throws(RuntimeError) -> Cache
    {
        let bytes: MemoryBudget
        switch budget {
        case .automatic: bytes = .automatic
        case .size(let size): bytes = .bytes(size.bytes)
        case .percent(let percent):
            let probe = try MoEModel(opening: file.path, options: .init(memoryBudget: .bytes(0), jobs: 1))
            bytes = .bytes(BudgetArgument.bytes(percent, of: try probe.expertBytes()))
        }
        let model = try MoEModel(opening: file.path, options: .init(memoryBudget: bytes, jobs: jobs))
        var cache = Cache(
            budget: model.memoryBudget, hits: file.banks.map { Array(repeating: 0, count: $0.expertCount) })
        cache.beladyHits = try model.replay(trace) { bank, expert, isHit in
            if isHit {
                cache.hits[bank][expert] += 1
                cache.hitCount += 1
            } else {
                cache.missCount += 1
            }
        }
        return cache
    }
}

extension CommandFailure {
    fileprivate init(_ error: RuntimeError, path: String) {
        switch error {
        case .file(let error): self.init(error, path: path)
        case .budgetTooSmall(let needed, let budget):
            self.init(
                .usage,
                "--budget \(ByteSize.text(UInt64(clamping: budget))) is too small: the experts of one step need \(ByteSize.text(UInt64(clamping: needed)))"
            )
        case .cancelled: self.init(.internal, "cancelled")
        }
    }
}
