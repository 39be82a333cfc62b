import Foundation
import MoEFormat
import Testing

@testable import MoERuntime

/// An automatic budget leaves half of the memory alone, and says what would do when there is too little.
@Suite struct MemoryBudgetTests {
    private let file: ModelFile
    private let largest: Int

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        file = try ModelFile(
            opening: root.appending(path: "fixtures/written/mixtral.moe").path(percentEncoded: false))
        largest = try file.largestExpertBlock()
    }

    @Test func halfOfTheMemoryIsTaken() throws {
        #expect(try MemoryBudget.automatic.byteCount(for: file, memory: 8 << 30) == 4 << 30)
    }

    @Test func moreThanHalfIsTakenIfOneExpertNeedsIt() throws {
        let memory = UInt64(largest) * 3 / 2
        #expect(try MemoryBudget.automatic.byteCount(for: file, memory: memory) == largest)
    }

    @Test func tooLittleMemoryIsRefusedWithTheLeastBudget() throws {
        let memory = UInt64(largest)
        let error = #expect(throws: RuntimeError.self) {
            try MemoryBudget.automatic.byteCount(for: file, memory: memory)
        }
        #expect(error == .budgetTooSmall(needed: largest, budget: largest / 4 * 3))
    }

    @Test func aBudgetInBytesIsTakenAsItIs() throws {
        #expect(try MemoryBudget.bytes(-1).byteCount(for: file, memory: 1) == 0)
        #expect(try MemoryBudget.gibibytes(.max).byteCount(for: file, memory: 1) == .max)
    }

    /// The budget that a refusal names is one that works.
    @Test func theLeastBudgetWillDo() throws {
        let model = try MoEModel(opening: file.path, options: .init(memoryBudget: .bytes(largest - 1), jobs: 2))
        #expect(try model.smallestMemoryBudget() == largest)
        let layer = try model.layer(0)
        let hidden = [Float](repeating: 0.5, count: layer.hiddenSize)
        #expect(throws: RuntimeError.budgetTooSmall(needed: largest, budget: largest - 1)) {
            try layer.forward(hidden, tokens: 1)
        }
        try model.setMemoryBudget(.bytes(largest))
        #expect(try layer.forward(hidden, tokens: 1).output.count == layer.outputSize)
    }
}
