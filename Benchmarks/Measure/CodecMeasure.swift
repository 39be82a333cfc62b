import Foundation
import MoEFormat
import MoESystem

/// Encoding and decoding one tensor in memory, chunk by chunk as the writer and the readers do it.
final class CodecMeasure {
    private var elements: [UInt8] = []
    private var dtype = Dtype.bf16
    private var rowLength = 1
    private var chunks: [EncodedChunk] = []
    private var form = StorageForm.raw(elementBytes: 1)
    private let encoded = ScratchBytes()
    private let decoded = ScratchBytes()
    private let decoders = DecoderPool()
    private let encoders = EncoderPool()

    private struct EncodedChunk: Sendable {
        let elements: Range<Int>
        /// Where it lies in the memory for encoded chunks.
        let stored: Range<Int>
        let hash: UInt64
    }

    /// Takes a file's bytes as the tensor: `path`, `dtype`, `row`.
    func load(_ request: JSONValue) throws -> JSONObject {
        elements = try Array(Data(contentsOf: URL(filePath: request["path"]?.string ?? "")))
        dtype = Dtype(name: request["dtype"]?.string ?? "") ?? .u8
        rowLength = request["row"]?.integer ?? 1
        return ["bytes": .integer(Int64(elements.count))]
    }

    /// Encodes all chunks and keeps them for `decode`.
    func encode(jobs: Int) throws -> JSONObject {
        let width = dtype.byteCount ?? 1
        let count = elements.count / width
        let size = Int(
            Chunking.chunkElements(
                rowLength: UInt64(rowLength), target: StorageDefaults.chunkElements, elementBytes: width))
        let starts = Array(stride(from: 0, to: count, by: size))
        let results = Locked<[EncodedChunk?]>(Array(repeating: nil, count: starts.count))
        // Memory that was touched before, as in a conversion under way.
        let bound = ChunkEncoder.storedBound(chunkBytes: size * width)
        let room = unsafe Target(bytes: encoded.bytes(bound * starts.count))
        let elements = self.elements
        var plan = EncodingPlan.raw(dtype: dtype)
        let time = try Duration.of {
            plan = try encoders.withEncoder { encoder in
                try elements.withUnsafeBytes { try unsafe encoder.plan(sample: $0, dtype: dtype) }
            }
            let plan = plan
            try Workers(jobs).forEach(starts.count) { index in
                let range = starts[index]..<min(count, starts[index] + size)
                let target = unsafe UnsafeMutableRawBufferPointer(
                    rebasing: room.bytes[index * bound..<(index + 1) * bound])
                let length = try self.encoders.withEncoder { encoder in
                    try elements.withUnsafeBytes {
                        try unsafe encoder.encode(
                            UnsafeRawBufferPointer(rebasing: $0[range.lowerBound * width..<range.upperBound * width]),
                            plan: plan, into: target)
                    }
                }
                let hash = unsafe XXH3.hash64(UnsafeRawBufferPointer(rebasing: target[0..<length]))
                results.withLock {
                    $0[index] = EncodedChunk(
                        elements: range, stored: index * bound..<index * bound + length, hash: hash)
                }
            }
        }
        form = plan.form
        chunks = results.withLock { $0.compactMap { $0 } }
        let stored = chunks.reduce(0) { $0 + $1.stored.count }
        return time.json([
            "stored": .integer(Int64(stored)), "tables": .integer(Int64(chunks.count * ChunkEntry.encodedSize)),
        ])
    }

    /// Decodes what `encode` left into memory that was touched before.
    func decode(jobs: Int, checked: Bool) throws -> JSONObject {
        let width = dtype.byteCount ?? 1
        let target = unsafe Target(bytes: decoded.bytes(elements.count))
        let source = unsafe Target(bytes: encoded.bytes(chunks.last?.stored.upperBound ?? 0))
        let chunks = self.chunks
        let form = self.form
        let time = try Duration.of {
            try Workers(jobs).forEach(chunks.count) { index in
                let chunk = chunks[index]
                let stored = unsafe UnsafeRawBufferPointer(rebasing: source.bytes[chunk.stored])
                if checked, unsafe XXH3.hash64(stored) != chunk.hash { throw CocoaError(.fileReadCorruptFile) }
                try self.decoders.withDecoder { (decoder) throws(FormatError) in
                    let part = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: target.bytes[chunk.elements.lowerBound * width..<chunk.elements.upperBound * width])
                    try unsafe decoder.decode(stored, form: form, elements: chunk.elements.count, into: part)
                }
            }
        }
        let isSame =
            elements.withUnsafeBytes { unsafe memcmp($0.baseAddress!, target.bytes.baseAddress!, $0.count) } == 0
        return time.json(["same": .bool(isSame)])
    }

    /// The same bytes copied: what memory allows.
    func copy() -> JSONObject {
        let target = unsafe decoded.bytes(elements.count)
        let time = Duration.of { elements.withUnsafeBytes { unsafe target.copyMemory(from: $0) } }
        return time.json()
    }

    /// Chunks write disjoint ranges of it.
    @safe private struct Target: @unchecked Sendable {
        let bytes: UnsafeMutableRawBufferPointer
    }
}

/// What `moe-convert` does unless told otherwise.
enum StorageDefaults {
    static let chunkElements = 131_072
}

/// Encoders between uses, one a thread at a time.
private final class EncoderPool: @unchecked Sendable {
    // `@unchecked Sendable`: the list is only touched under the lock, an encoder only by who took it out.
    private let lock = NSLock()
    private var idle: [ChunkEncoder] = []

    func withEncoder<Result>(_ body: (ChunkEncoder) throws -> Result) throws -> Result {
        let waiting = lock.withLock { idle.popLast() }
        let encoder = if let waiting { waiting } else { try ChunkEncoder() }
        defer { lock.withLock { idle.append(encoder) } }
        return try body(encoder)
    }
}

extension CodecMeasure: @unchecked Sendable {}
