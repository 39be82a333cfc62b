import Foundation
import MoESystem

@testable import MoEFormat

/// Small valid files with a bit of everything, made by the real writer: seeds of the fuzzers, and what tests damage.
package enum SampleFile: String, CaseIterable, Sendable {
    /// Dense tensors of many types and shapes, stored raw and as planes; an alias, a configuration, an HDF5 origin.
    case dense
    /// A layer of three gated experts with a shared one, their matrices stored as planes.
    case experts
    /// The same raw.
    case rawExperts
    /// Two layers of twelve such experts, for many threads at once.
    case manyExperts
    /// A layer of linear experts whose matrices are FP8 with scales, and one of identity experts with groups.
    case quantized

    /// Small enough to start a fuzzer from, or to be damaged byte by byte.
    package static let small: [SampleFile] = [.dense, .experts, .rawExperts, .quantized]

    /// The file's bytes: the same at each call.
    package func bytes() throws -> [UInt8] { try files(limit: nil)[0] }

    /// The bytes of the files of a set with at most so many bytes each, the head first; or of the one file.
    package func files(limit: UInt64?) throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("moe-sample-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let output = try ModelOutput(folder + "/sample.moe", replacing: true, fileLimit: limit)
        var composer = try SampleComposer(output)
        switch self {
        case .dense: try composer.writeDense()
        case .experts: try composer.writeExperts(3, banks: 1)
        case .rawExperts:
            composer.compresses = false
            try composer.writeExperts(3, banks: 1)
        case .manyExperts: try composer.writeExperts(12, banks: 2)
        case .quantized: try composer.writeQuantized()
        }
        try output.commit()
        return try ([output.path] + SetName(head: output.path).existingMembers).map {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0)))
        }
    }
}

/// Puts a sample together. Sizes are small: a fuzzer's speed is one over the seed's size.
private struct SampleComposer {
    let writer: ModelFileWriter
    let encoder: ChunkEncoder
    var compresses = true
    private var seed: UInt64 = 1

    init(_ output: ModelOutput) throws {
        writer = try ModelFileWriter(output)
        encoder = try ChunkEncoder()
    }

    // MARK: Samples

    mutating func writeDense() throws {
        let tensors: [(String, Dtype, [Int], UInt32)] = [
            ("embed", .bf16, [6, 40], 80), ("norm", .f32, [37], 8), ("scalar", .f64, [], 1),
            ("empty", .i64, [0, 3], 1),
            ("long.rows", .f16, [3, 50], 16), ("bytes", .opaque(3), [5], 2), ("constant", .i32, [64], 64),
            ("mask", .bool, [9], 9),
        ]
        for (name, dtype, shape, chunk) in tensors {
            let tensor = try writer.declareTensor(name, dtype: dtype, shape: shape)
            let bytes = name == "constant" ? [UInt8](repeating: 7, count: 256) : weights(dtype, shape.reduce(1, *))
            guard !bytes.isEmpty else { continue }
            try writer.beginBlock(.dense, decodedLength: UInt64(bytes.count))
            try add(tensor, dtype, bytes, row: shape.last ?? 1, chunk: chunk)
            try writer.endBlock()
        }
        try writer.declareAlias("lm_head", of: 0)
        var origin = HDF5Origin(superblock: 2, userBlock: 0, objects: [.init(.group), .init(.dataset)])
        origin.objects[0].links = [
            .init(kind: .hard, charset: 1, target: 1, creationOrder: 0, name: Array("embed".utf8))
        ]
        origin.objects[0].attributes = [
            .init(
                charset: 0, isSerialized: false, creationOrder: nil, name: Array("a".utf8), datatype: [1, 2],
                dataspace: [3], committed: nil, value: [4])
        ]
        origin.objects[1].tensor = 0
        try writer.finish(
            model: ModelDescription(family: "sample"), config: Array(#"{"model_type": "sample"}"#.utf8),
            source: SourceSection.hdf5(origin).encoded)
    }

    mutating func writeExperts(_ experts: Int, banks: Int) throws {
        let (hidden, inner) = (8, 12)
        var model = ModelDescription(family: "sample")
        var router = RouterDescription(.topK, topK: 2)
        router.normalization = .init(.sum)
        var layer = LayerDescription(
            hiddenSize: hidden, expertSize: inner, router: model.index(of: router),
            function: model.index(of: ExpertFunction(.gated, activation: .silu)))
        layer.shared = .init(function: 0, expertSize: inner)
        for bank in 0..<banks {
            model.layers.append(layer)
            let path = "layers.\(bank).moe"
            _ = try writer.declareBank(path: path, layer: bank, expertCount: experts, sharedCount: 1)
            try block(.router, bank, nil, [("\(path).gate", .f32, [experts, hidden], .routerWeight)])
            let expert: [(String, Dtype, [Int], Role)] = [
                ("gate", .bf16, [inner, hidden], .gateWeight), ("up", .bf16, [inner, hidden], .upWeight),
                ("down", .f32, [hidden, inner], .downWeight),
            ]
            try block(.shared, bank, 0, expert.map { ("\(path).shared.\($0.0)", $0.1, $0.2, $0.3.shared) })
            for index in 0..<experts {
                try block(.expert, bank, index, expert.map { ("\(path).\(index).\($0.0)", $0.1, $0.2, $0.3) })
            }
        }
        try writer.finish(model: model, config: nil, source: nil)
    }

    mutating func writeQuantized() throws {
        let (hidden, experts) = (8, 4)
        var model = ModelDescription(family: "sample")
        let scheme = model.number(of: QuantizationScheme(.f8E4M3, blockRows: 4, blockColumns: 4, scale: .multiply))
        var router = RouterDescription(.topK, topK: 2, score: .sigmoid)
        router.selectionBias = .score
        router.groups = .init(count: 2, kept: 2, score: .max, fill: .negativeInfinity)
        model.layers.append(
            LayerDescription(
                hiddenSize: hidden, expertSize: 0, router: model.index(of: router),
                function: model.index(of: ExpertFunction(.linear))))
        _ = try writer.declareBank(path: "moe", layer: nil, expertCount: experts, sharedCount: 0)
        try block(
            .router, 0, nil,
            [("gate", .f32, [experts, hidden], .routerWeight), ("bias", .f32, [experts], .selectionBias)])
        let weight = try writer.declareTensor("w", dtype: .f8E4M3, shape: [experts, hidden, hidden])
        let scale = try writer.declareTensor("w_scale", dtype: .f32, shape: [experts, 2, 2])
        for expert in 0..<experts {
            let codes = weights(.f8E4M3, hidden * hidden)
            let scales = weights(.f32, 4)
            try writer.beginBlock(.expert, bank: 0, expert: expert, decodedLength: UInt64(codes.count + scales.count))
            let first = try add(
                weight, .f8E4M3, codes, row: hidden, chunk: 32, start: expert * hidden * hidden, role: .expertWeight,
                scheme: scheme)
            let second = try add(scale, .f32, scales, row: 2, chunk: 4, start: expert * 4, role: .scale)
            writer.link(first, to: second, as: .scale)
            try writer.endBlock()
        }
        try writer.finish(model: model, config: nil, source: nil)
    }

    // MARK: Pieces

    private mutating func block(
        _ kind: BlockKind, _ bank: Int, _ expert: Int?, _ tensors: [(String, Dtype, [Int], Role)]
    ) throws {
        let length = tensors.reduce(0) { $0 + $1.2.reduce(1, *) * ($1.1.byteCount ?? 0) }
        try writer.beginBlock(kind, bank: bank, expert: expert, decodedLength: UInt64(length))
        for (name, dtype, shape, role) in tensors {
            let tensor = try writer.declareTensor(name, dtype: dtype, shape: shape)
            try add(tensor, dtype, weights(dtype, shape.reduce(1, *)), row: shape.last ?? 1, chunk: 64, role: role)
        }
        try writer.endBlock()
    }

    @discardableResult
    private func add(
        _ tensor: Int, _ dtype: Dtype, _ bytes: [UInt8], row: Int, chunk: UInt32, start: Int = 0, role: Role = .other,
        scheme: Int = 0
    ) throws -> Int {
        let width = dtype.byteCount ?? 1
        let size = UInt64(chunk) < UInt64(row) ? UInt64(chunk) : UInt64(chunk) / UInt64(row) * UInt64(row)
        guard
            let chunking = Chunking(elements: UInt64(bytes.count / width), rowLength: UInt64(row), chunkElements: size)
        else {
            fatalError("a sample's chunks do not fit its rows")
        }
        // The encoder's own choice for so little data would always be raw.
        let plan =
            compresses && [1, 2, 4, 8].contains(width)
            ? EncodingPlan(
                form: try StorageForm(
                    encoding: Encoding.planes.rawValue, rotation: dtype.isFloat && width > 1 ? 1 : 0,
                    elementBytes: width),
                coders: (0..<width).map { $0 == width - 1 ? .huffman : .matches })
            : .raw(dtype: dtype)
        let part = try writer.beginPart(
            of: tensor, startElement: UInt64(start), chunking: chunking, role: role,
            orientation: role == .other || row == bytes.count / width ? .none : .rowsAreOutputs, scheme: scheme,
            form: plan.form)
        for index in 0..<chunking.chunkCount {
            let range = chunking.range(of: index)
            let content = Array(bytes[Int(range.lowerBound) * width..<Int(range.upperBound) * width])
            var stored: [UInt8] = []
            try content.withUnsafeBytes { try encoder.encode($0, plan: plan, into: &stored) }
            try stored.withUnsafeBytes { stored in
                try content.withUnsafeBytes {
                    try writer.append(stored: stored, hash: XXH3.hash64(stored), content: $0)
                }
            }
        }
        return part
    }

    /// Bytes like those of weights: floats of a few exponents, which planes are good for, and noise for the rest.
    private mutating func weights(_ dtype: Dtype, _ count: Int) -> [UInt8] {
        (0..<count).flatMap { _ -> [UInt8] in
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Float(Int32(truncatingIfNeeded: seed >> 33) % 1024) / 4096
            switch dtype {
            case .f32: return withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            case .bf16: return withUnsafeBytes(of: UInt16(value.bitPattern >> 16).littleEndian) { Array($0) }
            case .f8E4M3: return [UInt8(truncatingIfNeeded: seed >> 40) & 0x3F]
            case .bool: return [UInt8(truncatingIfNeeded: seed >> 40) & 1]
            default: return (0..<(dtype.byteCount ?? 0)).map { UInt8(truncatingIfNeeded: seed >> (32 + $0 % 4)) }
            }
        }
    }
}
