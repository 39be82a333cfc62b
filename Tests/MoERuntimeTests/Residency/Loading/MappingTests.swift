import Foundation
import MoEFormat
import MoERuntime
import Testing

/// A file that is cut short under a live mapping ends in an error, not in a crash.
@Suite struct MappingTests {
    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/written/mixtral-raw.moe")

    @Test func truncationUnderAMappingIsAnError() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "moe-mapping-\(UUID().uuidString).moe")
        try FileManager.default.copyItem(at: Self.golden, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let model = try MoEModel(
            opening: copy.path(percentEncoded: false),
            options: .init(memoryBudget: .mebibytes(16), engine: .mapped, jobs: 2))
        let layer = try model.layer(0)
        let hidden = (0..<32).map { Float($0) / 32 }
        let whole = try layer.forward(hidden, tokens: 1)
        #expect(whole.output.count == 32)
        // Its experts are mapped and in memory now; the file goes away under them.
        let handle = try FileHandle(forWritingTo: copy)
        try handle.truncate(atOffset: 4096)
        try handle.close()
        let error = #expect(throws: RuntimeError.self) { try layer.forward(hidden, tokens: 1) }
        guard case .file(let cause)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause.kind == .io)
        // And again: an error each time, never a crash.
        #expect(throws: RuntimeError.self) { try layer.forward(hidden.map { -$0 }, tokens: 1) }
    }

    /// Bytes that were checked once and then written over, with the file's length as it was: an error, and no wrong number.
    @Test func writingUnderAMappingIsAnError() throws {
        let copy = FileManager.default.temporaryDirectory.appending(path: "moe-mapping-\(UUID().uuidString).moe")
        try FileManager.default.copyItem(at: Self.golden, to: copy)
        defer { try? FileManager.default.removeItem(at: copy) }
        let model = try MoEModel(
            opening: copy.path(percentEncoded: false),
            options: .init(memoryBudget: .mebibytes(16), engine: .mapped, jobs: 2))
        let layer = try model.layer(0)
        let hidden = (0..<32).map { Float($0) / 32 }
        _ = try layer.forward(hidden, tokens: 1)
        // Longer than a tick of the clock that file systems take times from.
        usleep(20_000)
        let handle = try FileHandle(forWritingTo: copy)
        try handle.seek(toOffset: 4096)
        try handle.write(contentsOf: Data(repeating: 0x3C, count: 400_000))
        try handle.close()
        let error = #expect(throws: RuntimeError.self) { try layer.forward(hidden, tokens: 1) }
        guard case .file? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
