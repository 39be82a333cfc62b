import Foundation
import MoEFormat
import MoERuntime
import MoESystem
import Synchronization
import Testing

/// All that a cache is asked for at once, for as long as `MOE_STRESS_SECONDS` says (a second otherwise): many threads that
/// compute, lend, load ahead and change the budget, and tasks that are cancelled at any moment.
///
/// Each result has the bits of one thread, no budget is ever exceeded, what is lent stays as it is, nobody waits for ever,
/// and afterwards nothing is held.
@Suite struct CacheEnduranceTests {
    private static let threads = 8
    private static let rounds = 40
    /// Nothing here takes a thread longer, under a sanitizer on a busy machine neither.
    private static let patience = Duration.seconds(90)

    private static let asked = ProcessInfo.processInfo.environment["MOE_STRESS_SECONDS"].flatMap { Double($0) }

    /// What happened, for the report.
    private struct Counts {
        var forwards = 0
        var cancelled = 0
        var finishedInSpite = 0
        var lent = 0
        var loads: UInt64 = 0
        var evictions: UInt64 = 0
    }

    @Test func everythingAtOnce() async throws {
        let subjects = try [SampleFile.manyExperts, .rawExperts].map { try Subject($0) }
        let runs = IOEngine.allCases.flatMap { engine in
            [1, 2, 4].flatMap { experts in subjects.map { (engine: engine, experts: experts, subject: $0) } }
        }
        let each = Duration.seconds((Self.asked ?? 1) / Double(runs.count))
        var total = Counts()
        for run in runs {
            let counts = try await Self.run(
                run.subject, run.engine, budget: run.experts * run.subject.file.oneExpert, for: each)
            guard let counts else { return }
            total.forwards += counts.forwards
            total.cancelled += counts.cancelled
            total.finishedInSpite += counts.finishedInSpite
            total.lent += counts.lent
            total.loads += counts.loads
            total.evictions += counts.evictions
        }
        #expect(total.forwards > 0)
        if Self.asked != nil {
            print(
                """
                stress: \(total.forwards) runs of a layer, \(total.cancelled) cancelled, \(total.finishedInSpite) ended \
                before their cancellation, \(total.lent) experts lent, \(total.loads) experts loaded, \
                \(total.evictions) evicted
                """)
        }
    }

    /// Everything at once on one model; nil when threads had to be given up.
    private static func run(
        _ subject: Subject, _ engine: IOEngine, budget: Int, for duration: Duration
    ) async throws -> Counts? {
        let (file, expected, lent) = (subject.file, subject.expected, subject.lent)
        let model = try file.opened(engine, budget: budget)
        let stress = Stress(
            model: model, layers: try model.banks.map { try model.layer(named: $0.path) }, budget: budget)
        for thread in 0..<threads {
            stress.begin(thread) { round in
                try stress.compute(thread, round % rounds, expected: expected[thread][round % rounds])
                if (thread + round) % 5 == 0 { try stress.lend((thread + round) % lent.count, expected: lent) }
                if (thread + round) % 7 == 0 { try stress.expect(round) }
                if thread == 0 { try stress.changeBudget(round) }
            }
        }
        let tasks = (0..<4).map { number in
            Task.detached { try await stress.cancel(number, rounds: rounds, expected: expected[number]) }
        }
        let place = "engine \(engine), budget \(budget)"
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, stress.stalled(for: patience) == nil {
            try await Task.sleep(for: .milliseconds(20))
        }
        stress.stop()
        // Threads end after the round that they are in; who does not by then waits for another.
        while !stress.isOver {
            if let thread = stress.stalled(for: patience) {
                Issue.record("thread \(thread) has waited for \(patience): threads wait for each other (\(place))")
                return nil
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        for task in tasks { try await task.value }
        try stress.throwFailure()
        #expect(stress.mostBytes <= budget && model.statistics.peakBytesResident <= budget, "\(place)")

        // Whole: right bits still, and nothing held.
        let counts = stress.counts(after: model.statistics, expert: file.oneExpert)
        for thread in 0..<threads { try stress.compute(thread, 0, expected: expected[thread][0]) }
        try model.setMemoryBudget(.bytes(0))
        // Loads that are under way end by themselves.
        for _ in 0..<1000 where model.statistics.bytesResident > 0 { try await Task.sleep(for: .milliseconds(10)) }
        #expect(model.statistics.bytesResident == 0, "something is held after everyone has gone (\(place))")
        return counts
    }

    /// A model and what one thread gets from it.
    private struct Subject: Sendable {
        let file: StressModel
        let expected: [[[UInt32]]]
        let lent: LentExperts

        init(_ sample: SampleFile) throws {
            file = try StressModel(sample.bytes())
            expected = try file.expected(threads: threads, rounds: rounds)
            lent = try LentExperts(of: file)
        }
    }

    /// The bytes of every expert's first tensor, layer by layer.
    private struct LentExperts: Sendable {
        private let bytes: [[[UInt8]]]
        let count: Int

        init(of file: StressModel) throws {
            let roomy = try file.opened(.read, budget: .max)
            bytes = try roomy.banks.map { bank in
                try (0..<bank.expertCount).map { expert in
                    try roomy.layer(named: bank.path).withExperts([expert]) { Self.bytes(of: $0[0]) }
                }
            }
            count = bytes.map(\.count).min() ?? 0
        }

        static func bytes(of expert: ExpertTensors) -> [UInt8] {
            expert.tensors[0].withBytes { span in span.withUnsafeBytes { Array($0) } }
        }

        func isRight(_ expert: ExpertTensors, layer: Int) -> Bool {
            Self.bytes(of: expert) == bytes[layer][expert.expert]
        }
    }

    /// One model under stress.
    private final class Stress: Sendable {
        private let model: MoEModel
        private let layers: [MoELayer]
        private let budget: Int
        private let isStopped = Atomic(false)
        private let state = Locked(State())

        private struct State: Sendable {
            var counts = Counts()
            var failure: (any Error)?
            var mostBytes = 0
            /// When each thread that still works began its round.
            var rounds: [Int: ContinuousClock.Instant] = [:]
        }

        init(model: MoEModel, layers: [MoELayer], budget: Int) {
            self.model = model
            self.layers = layers
            self.budget = budget
        }

        // MARK: Threads

        func begin(_ thread: Int, _ round: @escaping @Sendable (Int) throws -> Void) {
            state.withLock { $0.rounds[thread] = .now }
            // Threads of their own: a queue's would be fewer than may wait for each other here.
            Thread { [self] in
                do {
                    var number = 0
                    while !isStopped.load(ordering: .relaxed) {
                        state.withLock { $0.rounds[thread] = .now }
                        try round(number)
                        number += 1
                    }
                } catch {
                    fail(error)
                }
                state.withLock { _ = $0.rounds.removeValue(forKey: thread) }
            }.start()
        }

        func stop() { isStopped.store(true, ordering: .relaxed) }

        var isOver: Bool { state.withLock { $0.rounds.isEmpty } }

        /// A thread whose round has taken longer than that.
        func stalled(for patience: Duration) -> Int? {
            state.withLock { state in state.rounds.first { $0.value.duration(to: .now) > patience }?.key }
        }

        private func fail(_ error: any Error) {
            state.withLock { $0.failure = $0.failure ?? error }
            stop()
        }

        func throwFailure() throws { if let failure = state.withLock({ $0.failure }) { throw failure } }

        // MARK: What they do

        func compute(_ thread: Int, _ round: Int, expected: [UInt32]) throws {
            let bits = try StressModel.bits(layers[(thread + round) % layers.count], thread, round)
            #expect(bits == expected, "thread \(thread), round \(round)")
            let held = model.statistics.bytesResident
            state.withLock { state in
                state.counts.forwards += 1
                state.mostBytes = max(state.mostBytes, held)
            }
        }

        /// Looks at an expert twice, with time for others in between, or with a run of its own where there is room for it.
        func lend(_ expert: Int, expected: LentExperts) throws {
            for (index, layer) in layers.enumerated() {
                try layer.withExperts([expert]) { experts in
                    #expect(expected.isRight(experts[0], layer: index))
                    if expert % 2 == 0 {
                        usleep(200)
                    } else {
                        do { try layers[0].prefetchAndRun(expert) } catch RuntimeError.budgetTooSmall {}
                    }
                    #expect(expected.isRight(experts[0], layer: index), "expert \(expert) changed while it was lent")
                }
            }
            state.withLock { $0.counts.lent += layers.count }
        }

        func expect(_ round: Int) throws {
            let layer = layers[round % layers.count]
            try layer.prefetch(experts: (0..<3).map { (round + $0 * 5) % layer.expertCount })
        }

        /// Never more than the budget of the run, which is thus not exceeded at any time.
        func changeBudget(_ round: Int) throws {
            let steps = [budget, budget * 3 / 4, budget / 2]
            let least = try model.smallestMemoryBudget()
            try model.setMemoryBudget(.bytes(max(least, steps[round % steps.count])))
        }

        /// Runs of which each is cancelled sooner or later.
        func cancel(_ number: Int, rounds: Int, expected: [[UInt32]]) async throws {
            var round = 0
            while !isStopped.load(ordering: .relaxed) {
                let current = round % rounds
                let layer = layers[(number + current) % layers.count]
                let task = Task {
                    let input = StressModel.input(number, current, size: layer.hiddenSize)
                    return try await layer.forward(input.values, tokens: input.tokens).output.map(\.bitPattern)
                }
                // Some before they begin, some while they wait for room, some while they compute.
                try await Task.sleep(for: .microseconds(round * 7919 % 40_000))
                task.cancel()
                do {
                    let bits = try await task.value
                    #expect(bits == expected[current], "cancelled run \(number), round \(current)")
                    state.withLock { $0.counts.finishedInSpite += 1 }
                } catch RuntimeError.cancelled {
                    state.withLock { $0.counts.cancelled += 1 }
                }
                round += 1
            }
        }

        // MARK: The report

        var mostBytes: Int { state.withLock { $0.mostBytes } }

        func counts(after statistics: RuntimeStatistics, expert: Int) -> Counts {
            var counts = state.withLock { $0.counts }
            counts.loads = statistics.blocksLoaded
            counts.evictions = statistics.blocksLoaded - UInt64(statistics.bytesResident / max(1, expert))
            return counts
        }
    }
}

extension MoELayer {
    /// What a borrower may do.
    fileprivate func prefetchAndRun(_ expert: Int) throws {
        try prefetch(experts: [expert % expertCount])
        _ = try forward([Float](repeating: 1, count: hiddenSize), tokens: 1)
    }
}
