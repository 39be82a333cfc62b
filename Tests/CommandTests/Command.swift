import Foundation

/// One of the package's commands, as the build put it beside the tests.
struct Command {
    let name: String

    struct Outcome {
        let status: Int32
        let output: Data
        let error: String

        /// The lines of stderr.
        var errorLines: [String] { error.split(separator: "\n").map(String.init) }
    }

    static let convert = Command(name: "moe-convert")
    static let inspect = Command(name: "moe-inspect")
    static let run = Command(name: "moe-run")
    static let scaleModel = Command(name: "ScaleModel")

    private static let directory: String = {
        var places = [URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()]
        places += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
        let candidates = places.map { $0.path(percentEncoded: false) }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0 + "/moe-convert") }
            ?? "commands-were-not-built"
    }()

    func callAsFunction(_ arguments: String...) throws -> Outcome { try start(arguments) }

    /// A process that runs by itself, its output thrown away.
    func started(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: Self.directory + "/" + name)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// - Parameter redirection: what a shell adds to the command line.
    func start(_ arguments: [String], redirection: String? = nil) throws -> Outcome {
        let process = Process()
        let path = Self.directory + "/" + name
        process.executableURL = URL(filePath: redirection == nil ? path : "/bin/sh")
        process.arguments =
            redirection.map { ["-c", "exec \"$@\" \($0)", "sh", path] + arguments } ?? arguments
        let output = Pipe()
        // What goes to stderr is little: a file spares us reading two pipes at once.
        let errorPath = FileManager.default.temporaryDirectory.appending(path: "moe-stderr-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: errorPath.path(percentEncoded: false), contents: nil)
        defer { try? FileManager.default.removeItem(at: errorPath) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errorPath)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: data, error: try String(contentsOf: errorPath, encoding: .utf8))
    }
}

/// Files of the repository.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func path(_ relative: String) -> String { root.appending(path: relative).path(percentEncoded: false) }

    /// The directories below one that hold a file of that name.
    static func directories(in relative: String, holding file: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(relative))) ?? []
        return names.sorted().map { relative + "/" + $0 }.filter {
            FileManager.default.fileExists(atPath: path($0 + "/" + file))
        }
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "moe-command-tests-\(UUID().uuidString)").path(
            percentEncoded: false)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
