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
}
