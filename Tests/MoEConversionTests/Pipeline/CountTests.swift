import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoEConversion

/// What a conversion does, counted: costs that timing would hide on a busy machine.
@Suite struct CountTests {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures")

    private func convert(_ input: String, jobs: Int, memory: Int = 160 << 20) throws -> (
        conversion: Conversion, bytes: Data
    ) {
        var request = Conversion.Request(input: Self.fixtures.appending(path: input).path(percentEncoded: false))
        request.isInProcess = true
        request.storage.jobs = jobs
        request.storage.memory = memory
        let path = FileManager.default.temporaryDirectory.appending(path: "moe-count-\(UUID().uuidString).moe")
        defer { try? FileManager.default.removeItem(at: path) }
        let output = try AtomicOutput(path.path(percentEncoded: false), replacing: false)
        let conversion = try Conversion(request)
        try conversion.write(to: output)
        try output.commit()
        return (conversion, try Data(contentsOf: path))
    }

    @Test(arguments: [1, 2, 5])
    func chunksThatStraddleExpertsAreDecodedOnce(jobs: Int) throws {
        // [7, 48, 40] in chunks of [3, 20, 40] and [7, 40, 24] in chunks of [3, 16, 10]: 9 and 27 chunks, for 14 expert parts.
        let (conversion, bytes) = try convert("counts/stacked.h5", jobs: jobs)
        let checkpoint = try #require(conversion.checkpoint as? HDF5Checkpoint)
        #expect(checkpoint.sharedChunksDecoded == 9 + 27)
        #expect(bytes == (try convert("counts/stacked.h5", jobs: 1)).bytes)
    }

    @Test(arguments: [1, 3])
    func littleMemoryDecodesNoChunkTwice(jobs: Int) throws {
        let (conversion, bytes) = try convert("counts/stacked.h5", jobs: jobs, memory: 4096)
        let checkpoint = try #require(conversion.checkpoint as? HDF5Checkpoint)
        #expect(checkpoint.sharedChunksDecoded == 9 + 27)
        #expect(bytes == (try convert("counts/stacked.h5", jobs: 1)).bytes)
    }
}
