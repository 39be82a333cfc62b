import Foundation
import MoEFormat
import MoERuntime
import Testing

@Suite struct CancellationTests {
    private static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/written/mixtral.moe").path(
            percentEncoded: false)

    /// A task that was cancelled before it began reads nothing and evicts nothing.
    @Test func whatNobodyWaitsForIsNotRead() async throws {
        let model = try MoEModel(opening: Self.path)
        let layer = try model.layer(0)
        let task = Task {
            unsafe withUnsafeCurrentTask { task in unsafe task?.cancel() }
            return try await layer.forward([Float](repeating: 1, count: layer.hiddenSize), tokens: 1)
        }
        let outcome = await task.result
        #expect {
            try outcome.get()
        } throws: { error in
            if case RuntimeError.cancelled = error { true } else { false }
        }
        #expect(model.statistics.misses == 0 && model.statistics.blocksLoaded == 0)
    }

    /// A run that waits for room which others hold ends when it is cancelled, and those behind it have their turn.
    @Test func waitingForRoomHeedsCancellation() async throws {
        let model = try MoEModel(opening: Self.path, options: .init(memoryBudget: .bytes(0)))
        try model.setMemoryBudget(.bytes(try model.smallestMemoryBudget()))
        let layer = try model.layer(0)
        let hidden = [Float](repeating: 1, count: layer.hiddenSize)
        let (isLent, mayEnd) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
        // A thread has all of the budget, and does not give it back before the end.
        let holder = Thread {
            try? layer.withExperts([0]) { _ in
                isLent.continuation.finish()
                mayEnd.wait()
            }
        }
        holder.start()
        for await _ in isLent.stream {}
        let waiting = (0..<2).map { _ in Task { try await layer.forward(hidden, tokens: 1) } }
        // In whatever order they came to wait: the last one is first to be cancelled.
        try await Task.sleep(for: .milliseconds(30))
        for task in waiting.dropFirst().reversed() {
            task.cancel()
            let outcome = await task.result
            #expect {
                try outcome.get()
            } throws: { error in
                if case RuntimeError.cancelled = error { true } else { false }
            }
        }
        mayEnd.signal()
        #expect(try await waiting[0].value.output.count == layer.outputSize)
        #expect(try await layer.forward(hidden, tokens: 1).output.count == layer.outputSize)
    }
}
