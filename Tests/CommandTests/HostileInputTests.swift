import Foundation
import Testing

/// Files that are not what they should be, for every command: one line, the right exit code, nothing left behind, and nothing on
/// the terminal that could steer it.
@Suite struct HostileInputTests {
    private static let mixtral = Repository.path("fixtures/cases/mixtral/checkpoint.h5")
    private static let model = Repository.path("fixtures/written/mixtral.moe")

    private func check(
        _ outcome: Command.Outcome, _ statuses: Set<Int32>, _ directory: TemporaryDirectory, _ what: String
    ) {
        #expect(statuses.contains(outcome.status), "\(what): exit \(outcome.status), \(outcome.error)")
        if outcome.status > 1 { #expect(outcome.errorLines.count == 1, "\(what): \(outcome.error)") }
        let isSteering = outcome.error.unicodeScalars.contains {
            ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value) || (0x202A...0x202E).contains($0.value)
        }
        #expect(!isSteering, "\(what): \(outcome.error.debugDescription)")
        #expect(
            !directory.names.contains { $0.hasPrefix("out") || $0.hasSuffix(".part") }, "\(what): \(directory.names)")
    }

    /// Every command on a file that it reads.
    private func all(_ file: String, in directory: TemporaryDirectory) throws -> [Command.Outcome] {
        try NumPyFile.write([[Float](repeating: 0.5, count: 32)], to: directory.file("x.npy"))
        return [
            try Command.inspect(file), try Command.inspect(file, "--json"),
            try Command.inspect("extract", file, "x", "-o", directory.file("out.npy")),
            try Command.run(
                file, "--layer", "0", "--input", directory.file("x.npy"), "--output", directory.file("out.npy")),
            try Command.convert(file, directory.file("out.moe")),
        ]
    }

    @Test(arguments: ["/dev/null", "/dev/zero", "a pipe", "a directory", "nothing", "a dangling link"])
    func whatIsNoFileCannotBeOpened(kind: String) throws {
        let directory = try TemporaryDirectory()
        let place = kind.hasPrefix("/") ? kind : directory.file("there")
        switch kind {
        case "a pipe": #expect(mkfifo(place, 0o600) == 0)
        case "a directory": try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        case "a dangling link":
            try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: "/nowhere")
        default: break
        }
        for outcome in try all(place, in: directory) { check(outcome, [66], directory, kind) }
    }

    @Test func garbageIsDamaged() throws {
        let directory = try TemporaryDirectory()
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = Generator(state: seed)
        for (index, length) in [0, 1, 63, 127, 128, 500, 9000].enumerated() {
            let file = directory.file("garbage\(index)")
            try Data((0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }).write(
                to: URL(filePath: file))
            for outcome in try all(file, in: directory) {
                check(outcome, [65], directory, "\(length) bytes, seed \(seed)")
            }
        }
    }

    /// The name of a file may hold anything but a slash; messages show it without letting it work.
    @Test func namesAreShownWithoutTheirControlCharacters() throws {
        let directory = try TemporaryDirectory()
        let name = directory.file("a\u{1B}[31mb\nc\u{202E}d\u{9B}e.moe")
        for outcome in try all(name, in: directory) {
            check(outcome, [66], directory, "a name with control characters")
        }
        try Data("nonsense".utf8).write(to: URL(filePath: name))
        for outcome in try all(name, in: directory) {
            check(outcome, [65], directory, "a name with control characters")
        }
    }

    /// What a model declares may exceed all memory: it is refused before memory is reserved.
    @Test func hugeClaimsAreRefused() throws {
        let directory = try TemporaryDirectory()
        for claim in ["(9223372036854775807,)", "(4294967296, 4294967296)", "(-1, 32)", "(1, 99999999999999999999)"] {
            let file = directory.file("x.npy")
            var header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(claim), }"
            header += String(repeating: " ", count: 117 - header.count) + "\n"
            try (Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0]) + Data(header.utf8) + Data(count: 128)).write(
                to: URL(filePath: file))
            let outcome = try Command.run(
                Self.model, "--layer", "0", "--input", file, "--output", directory.file("out.npy"))
            check(outcome, [65], directory, claim)
        }
    }

    /// Writing over a file that a runtime has mapped leaves the runtime's weights as they were.
    @Test func replacingAModelLeavesItsReadersAlone() throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        #expect(try Command.convert(Self.mixtral, file, "--compression", "none").status == 0)
        let open = try FileHandle(forReadingFrom: URL(filePath: file))
        let before = try #require(try open.readToEnd())
        #expect(try Command.convert(Self.mixtral, file, "--force").status == 0)
        try open.seek(toOffset: 0)
        #expect(try open.readToEnd() == before)
        #expect(try Data(contentsOf: URL(filePath: file)) != before)
        #expect(directory.names == ["model.moe"])
    }

    /// Signals end a conversion with their code and leave nothing; what is under the name is whole.
    @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
    func signalsLeaveNothingBehind(signal: Int32) throws {
        for _ in 0..<4 {
            let directory = try TemporaryDirectory()
            let process = try Command.convert.started([Self.mixtral, directory.file("out.moe"), "--quiet"])
            usleep(UInt32.random(in: 0...60_000))
            kill(process.processIdentifier, signal)
            process.waitUntilExit()
            if directory.names == ["out.moe"] {
                #expect(try Command.inspect("verify", directory.file("out.moe")).status == 0)
            } else {
                #expect(directory.names.isEmpty, "\(directory.names)")
                let status = process.terminationStatus
                if process.terminationReason == .exit { #expect(status == 128 + signal || status == 0) }
            }
        }
    }

    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }
}
