import Foundation
import Testing

/// The same bits whatever the means: jobs, engine, budget, compression, batch split, instruction set order of threads.
@Suite struct DeterminismTests {
    static let checkpoint = Repository.path("fixtures/cases/deepseek_v3/checkpoint.h5")
    static let layer = "model.layers.1.mlp"

    @Test func conversionDoesNotDependOnJobs() throws {
        let directory = try TemporaryDirectory()
        var contents: Set<Data> = []
        for jobs in ["1", "2", "5"] {
            let file = directory.file("\(jobs).moe")
            #expect(try Command.convert(Self.checkpoint, file, "--jobs", jobs).status == 0)
            contents.insert(try Data(contentsOf: URL(filePath: file)))
        }
        #expect(contents.count == 1)
    }

    @Test func outputDoesNotDependOnTheMeans() throws {
        let directory = try TemporaryDirectory()
        var generator = SystemRandomNumberGenerator()
        let x = (0..<9).map { _ in (0..<32).map { _ in Float.random(in: -1...1, using: &generator) } }
        try NumPyFile.write(x, to: directory.file("x.npy"))
        let files = try [("zstd.moe", "zstd"), ("raw.moe", "none")].map { name, compression in
            let outcome = try Command.convert(Self.checkpoint, directory.file(name), "--compression", compression)
            #expect(outcome.status == 0)
            return directory.file(name)
        }
        var outputs: [Data] = []
        for file in files {
            for engine in ["mapped", "read", "direct"] {
                for (budget, jobs) in [("64MiB", "1"), ("64MiB", "2"), ("20KiB", "2")] {
                    let y = directory.file("y.npy")
                    let outcome = try Command.run(
                        file, "--layer", Self.layer, "--input", directory.file("x.npy"), "--output", y, "--io", engine,
                        "--budget", budget,
                        "--jobs", jobs)
                    try #require(outcome.status == 0, "\(outcome.error)")
                    outputs.append(try Data(contentsOf: URL(filePath: y)))
                }
            }
        }
        #expect(Set(outputs).count == 1)
        // Token by token: the bits of the batch.
        var single: [Float] = []
        for row in x {
            try NumPyFile.write([row], to: directory.file("x1.npy"))
            let outcome = try Command.run(
                files[0], "--layer", Self.layer, "--input", directory.file("x1.npy"), "--output",
                directory.file("y1.npy"))
            #expect(outcome.status == 0)
            single += try NumPyFile.floats(directory.file("y1.npy"))
        }
        #expect(single.map(\.bitPattern) == (try NumPyFile.floats(directory.file("y.npy"))).map(\.bitPattern))
    }
}
