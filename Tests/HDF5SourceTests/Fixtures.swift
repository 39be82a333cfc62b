import Foundation
import HDF5Source

/// The committed HDF5 files, and what h5py reads from them.
enum Fixtures {
    static let directory = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "fixtures/hdf5")

    static func path(_ name: String) -> String { directory.appending(path: name).path(percentEncoded: false) }

    static func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: directory.appending(path: name))) }

    struct File: Decodable, Sendable {
        var datasets: [String: Dataset]
        var user_block: UInt64
    }

    struct Dataset: Decodable, Sendable {
        var shape: [UInt64]?
        var bytes: UInt64?
        var fnv1a: String?
        var strings: [String]?
        var sequences: [[Int32]]?
    }

    static let expected: [String: File] = {
        let data = try? Data(contentsOf: directory.appending(path: "expected.json"))
        return data.flatMap { try? JSONDecoder().decode([String: File].self, from: $0) } ?? [:]
    }()

    /// A directory of this test's own, removed when `body` returns.
    static func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appending(path: "hdf5-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        return try body(directory)
    }

    /// The worker that the package builds for tests, beside the tests themselves.
    static let worker: String = {
        var places = [URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()]
        places += Bundle.allBundles.map { $0.bundleURL.deletingLastPathComponent() }
        let candidates = places.map { $0.appending(path: "HDF5TestWorker").path(percentEncoded: false) }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "HDF5TestWorker-was-not-built"
    }()
}

/// Where libhdf5 runs in a test.
enum SessionKind: CaseIterable, Sendable {
    case inProcess, worker

    func open(_ path: String, options: HDF5Options = HDF5Options()) throws -> HDF5Input {
        switch self {
        case .inProcess: try HDF5Input.inProcess(path, options: options)
        case .worker:
            try HDF5Input.isolated(path, options: options, worker: HDF5WorkerOptions(executable: Fixtures.worker))
        }
    }
}

/// The hash that `generate.py` writes.
func fnv1a(_ bytes: [UInt8]) -> String {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
}

/// A generator that repeats itself for a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}

/// Splits what a session serialises: counts of 32 bits, each before that many bytes.
func strings(serialized bytes: [UInt8]) -> [String] {
    var strings: [String] = []
    var position = 0
    while position + 4 <= bytes.count {
        let count = (0..<4).reduce(0) { $0 | Int(bytes[position + $1]) << (8 * $1) }
        position += 4
        strings.append(String(decoding: bytes[position..<(position + count)], as: UTF8.self))
        position += count
    }
    return strings
}
