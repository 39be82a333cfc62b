import Foundation
import MoESystem

@testable import MoEFormat

/// Writes small files through the real writer for tests: tensors with their bytes, cut and stored as the defaults say.
struct FileComposer {
    struct Piece {
        var tensor: Int
        var start: UInt64 = 0
        var bytes: [UInt8]
        var rowLength: UInt64
        var role: Role = .other
        var orientation: Orientation = .none
    }

    let writer: ModelFileWriter
    let encoder: ChunkEncoder
    /// What `finish` commits.
    private let output: AtomicOutput?
    var chunkTarget = 1024
    var compresses = true
    private var dtypes: [Dtype] = []

    init(path: String) throws {
        let output = try AtomicOutput(path, replacing: true)
        self.output = output
        writer = try ModelFileWriter(output)
        encoder = try ChunkEncoder()
    }

    /// Composes for a writer whose output is somebody else's to commit.
    init(writer: ModelFileWriter) throws {
        self.writer = writer
        output = nil
        encoder = try ChunkEncoder()
    }

    mutating func declare(_ name: String, _ dtype: Dtype, _ shape: [Int]) throws -> Int {
        dtypes.append(dtype)
        return try writer.declareTensor(name, dtype: dtype, shape: shape)
    }

    func block(_ kind: BlockKind, bank: Int? = nil, expert: Int? = nil, _ pieces: [Piece]) throws {
        try writer.beginBlock(
            kind, bank: bank, expert: expert, decodedLength: UInt64(pieces.reduce(0) { $0 + $1.bytes.count }))
        for piece in pieces { try add(piece) }
        try writer.endBlock()
    }

    private func add(_ piece: Piece) throws {
        let dtype = dtypes[piece.tensor]
        let width = dtype.byteCount!
        let chunkElements = Chunking.chunkElements(rowLength: piece.rowLength, target: chunkTarget, elementBytes: width)
        let chunking = Chunking(
            elements: UInt64(piece.bytes.count / width), rowLength: piece.rowLength,
            chunkElements: UInt64(chunkElements))!
        let plan =
            compresses
            ? try piece.bytes.withUnsafeBytes { try encoder.plan(sample: $0, dtype: dtype) }
            : EncodingPlan(form: try StorageForm(encoding: 0, rotation: 0, elementBytes: width), coders: [])
        try writer.beginPart(
            of: piece.tensor, startElement: piece.start, chunking: chunking, role: piece.role,
            orientation: piece.orientation,
            form: plan.form)
        for index in 0..<chunking.chunkCount {
            let range = chunking.range(of: index)
            try piece.bytes.withUnsafeBytes { all in
                let chunk = UnsafeRawBufferPointer(
                    rebasing: all[Int(range.lowerBound) * width..<Int(range.upperBound) * width])
                var stored: [UInt8] = []
                try encoder.encode(chunk, plan: plan, into: &stored)
                try stored.withUnsafeBytes { try writer.append(stored: $0, hash: XXH3.hash64($0), content: chunk) }
            }
        }
    }

    func finish(
        model: ModelDescription = ModelDescription(family: "test"), config: [UInt8]? = nil, source: [UInt8]? = nil
    ) throws {
        try writer.finish(model: model, config: config, source: source)
        try output?.commit()
    }
}

/// A directory that goes with the test.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("moe-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

/// A generator that repeats its numbers for the same seed; tests print theirs.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    // SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
