import Foundation
import MoEFormat
import MoERuntime
import MoESystem
import Testing

/// Many threads on one model under a small budget: the bits of one thread, a budget kept, a cache that stays whole.
@Suite struct CacheStressTests {
    private static let threads = 8
    private static let rounds = 24

    private static func everyThread(_ body: @escaping @Sendable (Int) throws -> Void) throws {
        let failure = Locked<(any Error)?>(nil)
        let group = DispatchGroup()
        for thread in 0..<threads {
            group.enter()
            // Threads of their own: a queue's would be fewer than may wait for each other here.
            Thread {
                do { try body(thread) } catch { failure.withLock { $0 = $0 ?? error } }
                group.leave()
            }.start()
        }
        #expect(group.wait(timeout: .now() + 120) == .success, "threads wait for each other")
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    @Test(arguments: IOEngine.allCases, [1, 2, 5])
    func manyThreadsGiveTheBitsOfOne(engine: IOEngine, experts: Int) throws {
        let file = try StressModel(SampleFile.manyExperts.bytes())
        let expected = try file.expected(threads: Self.threads, rounds: Self.rounds)
        let model = try file.opened(engine, budget: experts * file.oneExpert)
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        try Self.everyThread { thread in
            for round in 0..<Self.rounds {
                let layer = layers[(thread + round) % layers.count]
                if round % 3 == 0 { try layer.prefetch(experts: [(thread + round) % 12, thread]) }
                let bits = try StressModel.bits(layer, thread, round)
                #expect(bits == expected[thread][round], "thread \(thread), round \(round)")
            }
        }
        #expect(model.statistics.peakBytesResident <= experts * file.oneExpert)
        #expect(model.statistics.bytesResident <= experts * file.oneExpert)
    }

    /// A budget that rises and falls, down to a single expert, while threads run: no wrong bit, no refusal, and afterwards no more in
    /// memory than it allows.
    @Test func aBudgetMayChangeWhileThreadsRun() throws {
        let file = try StressModel(SampleFile.manyExperts.bytes())
        let expected = try file.expected(threads: Self.threads, rounds: Self.rounds)
        let model = try file.opened(.read, budget: 8 * file.oneExpert)
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        let one = file.oneExpert
        try Self.everyThread { thread in
            for round in 0..<Self.rounds {
                if thread % 4 == 0 { try model.setMemoryBudget(.bytes((1 + (thread + round * 5) % 9) * one)) }
                if thread % 4 == 1 { try layers[round % layers.count].prefetch(experts: Array(0..<12)) }
                let bits = try StressModel.bits(layers[(thread + round) % layers.count], thread, round)
                #expect(bits == expected[thread][round], "thread \(thread), round \(round)")
            }
        }
        try model.setMemoryBudget(.bytes(one))
        // Loads that were under way end by themselves.
        for _ in 0..<200 where model.statistics.bytesResident > one { usleep(10_000) }
        #expect(model.statistics.bytesResident <= one)
        #expect(try StressModel.bits(layers[0], 0, 0) == expected[0][0])
    }

    /// Tasks that are cancelled end with that error or with the right bits, and leave a cache that works.
    @Test func cancellationLeavesTheCacheWhole() async throws {
        let file = try StressModel(SampleFile.manyExperts.bytes())
        let expected = try file.expected(threads: Self.threads, rounds: Self.rounds)
        let model = try file.opened(.read, budget: 2 * file.oneExpert)
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<Self.threads {
                for round in 0..<Self.rounds / 2 {
                    let layer = layers[(thread + round) % layers.count]
                    group.addTask {
                        let input = StressModel.input(thread, round, size: layer.hiddenSize)
                        let task = Task {
                            try await layer.forward(input.values, tokens: input.tokens).output.map(\.bitPattern)
                        }
                        if round % 2 == 0 { task.cancel() }
                        do {
                            let bits = try await task.value
                            #expect(bits == expected[thread][round])
                        } catch RuntimeError.cancelled {
                            #expect(round % 2 == 0)
                        } catch {
                            Issue.record("\(error)")
                        }
                    }
                }
            }
        }
        #expect(model.statistics.peakBytesResident <= 2 * file.oneExpert)
        try Self.everyThread { thread in
            let bits = try StressModel.bits(layers[thread % layers.count], thread, 0)
            #expect(bits == expected[thread][0])
        }
    }

    /// A damaged expert fails each run that needs it, by its chunk's rule; all others go on with the right bits.
    @Test(arguments: IOEngine.allCases)
    func aDamagedExpertFailsAlone(engine: IOEngine) throws {
        let bytes = try SampleFile.manyExperts.bytes()
        let whole = try StressModel(bytes)
        let expected = try whole.expected(threads: Self.threads, rounds: Self.rounds)
        let block = try whole.file.block(at: whole.file.banks[0].block(ofExpert: 3))
        var damaged = bytes
        damaged[Int(block.offset)] ^= 0x40
        let file = try StressModel(damaged)
        let model = try file.opened(engine, budget: 2 * file.oneExpert)
        let layers = try model.banks.map { try model.layer(named: $0.path) }
        let counts = Locked((failed: 0, whole: 0))
        try Self.everyThread { thread in
            for round in 0..<Self.rounds {
                let layer = layers[(thread + round) % layers.count]
                let input = StressModel.input(thread, round, size: layer.hiddenSize)
                let chosen = Set(try layer.route(input.values, tokens: input.tokens).experts.joined())
                let isDamaged = layer.bank.id == 0 && chosen.contains(3)
                do {
                    let bits = try StressModel.bits(layer, thread, round)
                    #expect(!isDamaged && bits == expected[thread][round], "thread \(thread), round \(round)")
                    counts.withLock { $0.whole += 1 }
                } catch RuntimeError.file(let error) {
                    #expect(isDamaged && error.rule == Rule(rawValue: 71), "\(error)")
                    counts.withLock { $0.failed += 1 }
                }
            }
        }
        let (failed, succeeded) = counts.withLock { ($0.failed, $0.whole) }
        #expect(failed > 0 && succeeded > failed / 4, "\(failed) failed, \(succeeded) did not")
        #expect(model.statistics.peakBytesResident <= 2 * file.oneExpert)
    }
}
