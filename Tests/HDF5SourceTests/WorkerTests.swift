import Foundation
import HDF5Source
import Testing

@Suite struct WorkerTests {
    /// Opens a file with a shell script in place of the worker, which finds the channel as its descriptor 3.
    private func failure(of script: String, patience: Duration = .seconds(20)) -> HDF5Error? {
        // A committed script: one written here might still be open in a child that another test is starting.
        let worker = HDF5WorkerOptions(executable: Fixtures.path("pretend-worker.sh"), patience: patience)
        return #expect(throws: HDF5Error.self) { try HDF5WorkerSession(opening: script, worker: worker) }
    }

    @Test func aCrashIsOneError() {
        let error = failure(of: "kill -SEGV $$")
        #expect(error?.kind == .damaged)
        #expect(error?.message.contains("crashed (signal 11)") == true, "\(error?.message ?? "")")
    }

    @Test func aHangIsOneError() {
        let error = failure(of: "exec sleep 100", patience: .milliseconds(300))
        #expect(error?.kind == .damaged)
        #expect(error?.message.contains("made no progress") == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        "printf 'garbage!garbage!' >&3; exec sleep 5",  // a length beyond all limits
        "printf '\\003\\000\\000\\000\\000\\000\\000\\000\\004\\007' >&3",  // half a message
        "printf '\\001\\000\\000\\000\\000\\000\\000\\000\\011' >&3; exec sleep 5",  // an unknown kind
        "printf '\\002\\000\\000\\000\\000\\000\\000\\000\\004\\000' >&3; exec sleep 5",  // an empty catalog
        "exit 3",
    ])
    func nonsenseIsOneError(script: String) {
        let error = failure(of: script)
        #expect(error != nil)
        #expect(error?.message.contains("\n") == false)
    }

    @Test func aWorkerThatIsNotThereIsAnIOError() {
        let worker = HDF5WorkerOptions(executable: "/no/such/worker")
        let error = #expect(throws: HDF5Error.self) {
            try HDF5WorkerSession(opening: Fixtures.path("types.h5"), worker: worker)
        }
        #expect(error?.kind == .io)
    }

    @Test func noChildIsLeft() throws {
        var session: HDF5WorkerSession? = try HDF5WorkerSession(
            opening: Fixtures.path("types.h5"), worker: HDF5WorkerOptions(executable: Fixtures.worker))
        let child = try #require(session?.workerProcessID)
        #expect(kill(child, 0) == 0)
        session = nil
        #expect(kill(child, 0) == -1 && errno == ESRCH)
    }

    @Test func manyThreadsTakeTurns() async throws {
        let input = try SessionKind.worker.open(Fixtures.path("layouts_v108.h5"))
        let reader = try HDF5DatasetReader(try #require(input.catalog.object(at: "filters/szip")), of: input)
        let whole = try reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder())
        await withTaskGroup(of: [UInt8]?.self) { group in
            for _ in 0..<8 {
                group.addTask { try? reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder()) }
            }
            for await bytes in group { #expect(bytes == whole) }
        }
    }

    /// What a library makes of these depends on its version; that this process goes on with one line does not.
    @Test(arguments: ["crashes_attribute.h5", "hangs_types.h5"])
    func filesThatBreakTheLibraryAreSurvived(file: String) {
        let worker = HDF5WorkerOptions(executable: Fixtures.worker, patience: .seconds(1))
        do throws(HDF5Error) {
            _ = try HDF5Input.isolated(Fixtures.path("hostile/" + file), worker: worker)
        } catch {
            #expect(error.kind != .io)
            #expect(!error.message.contains("\n"))
            #expect(error.message.contains(file))
        }
    }

    @Test func mutatedFilesEndInAnErrorOrAResult() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SeededGenerator(seed: seed)
        try Fixtures.withTemporaryDirectory { directory in
            let file = directory.appending(path: "mutated.h5")
            let original = try Fixtures.bytes("links_untracked.h5")
            for round in 0..<40 {
                var bytes = original
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(
                        in: 0...255, using: &generator)
                }
                try Data(bytes).write(to: file)
                do {
                    let worker = HDF5WorkerOptions(executable: Fixtures.worker, patience: .seconds(2))
                    let input = try HDF5Input.isolated(file.path(percentEncoded: false), worker: worker)
                    for id in input.catalog.datasets {
                        guard let reader = try? HDF5DatasetReader(id, of: input), reader.byteCount < 1 << 20 else {
                            continue
                        }
                        _ = try? reader.bytes(of: 0..<reader.elementCount, using: ChunkDecoder())
                    }
                } catch let error as HDF5Error {
                    #expect(!error.message.contains("\n"), "seed \(seed), round \(round)")
                }
            }
        }
    }
}
