import MoEFormat
import MoESystem

/// A model of any size, written through the same writer as a converted one: routers with real random weights, experts and
/// attention of banded matrices.
struct ScaleModel {
    let shape: ModelShape
    /// Bands of matrices differ between so many patterns of either kind.
    private static let patterns = 4

    /// Matrices of an expert. Experts of a layer differ as long as there are at most sixteen, and so do neighbouring layers.
    func up(layer: Int, expert: Int) -> BandedMatrix {
        BandedMatrix(
            rows: shape.width, columns: shape.hidden, pattern: (expert + layer) % Self.patterns, unit: 0x1p-12)
    }

    func down(layer: Int, expert: Int) -> BandedMatrix {
        BandedMatrix(
            rows: shape.hidden, columns: shape.width,
            pattern: 5 + (expert / Self.patterns + layer / Self.patterns) % Self.patterns, unit: 0x1p-16)
    }

    func router(layer: Int) -> RouterWeights {
        RouterWeights(layer: layer, experts: shape.experts, hidden: shape.hidden)
    }

    /// Writes the file; memory and time grow with the layers, not with their weights.
    func write(to path: String) throws {
        let output = try AtomicOutput(path, replacing: true)
        let writer = try ModelFileWriter(output)
        let encoder = try ChunkEncoder()
        var encoded: [String: EncodedMatrix] = [:]

        func addBlock(_ kind: BlockKind, bank: Int? = nil, expert: Int? = nil, _ parts: [(Int, Role, BandedMatrix)])
            throws
        {
            let bytes = parts.reduce(0) { $0 + 2 * $1.2.rows * $1.2.columns }
            try writer.beginBlock(kind, bank: bank, expert: expert, decodedLength: UInt64(bytes))
            for (tensor, role, matrix) in parts {
                let key = "\(matrix.rows) \(matrix.columns) \(matrix.pattern) \(matrix.unit)"
                let content = try encoded[key] ?? EncodedMatrix(matrix, encoder: encoder)
                encoded[key] = content
                writer.declare(contentHash: content.contentHash, ofTensor: tensor)
                try writer.beginPart(
                    of: tensor, startElement: 0, chunking: content.chunking, role: role,
                    orientation: role == .other ? .none : .rowsAreOutputs, form: content.form)
                for chunk in content.chunks {
                    try chunk.stored.withUnsafeBytes { _ = try writer.append(stored: $0, hash: chunk.hash) }
                }
            }
            try writer.endBlock()
        }
        func declare(_ name: String, _ rows: Int, _ columns: Int) throws -> Int {
            try writer.declareTensor(name, dtype: .bf16, shape: [rows, columns])
        }
        func dense(_ name: String, _ rows: Int, _ columns: Int) throws {
            let matrix = BandedMatrix(rows: rows, columns: columns, pattern: 0, unit: 0x1p-10)
            try addBlock(.dense, [(declare(name, rows, columns), .other, matrix)])
        }

        let banks = try (0..<shape.layers).map { layer in
            try writer.declareBank(
                path: shape.path(ofLayer: layer), layer: layer, expertCount: shape.experts, sharedCount: 0)
        }
        try dense("model.embed_tokens.weight", shape.vocabulary, shape.hidden)
        for layer in banks {
            for name in ["q", "k", "v", "o"] {
                try dense("model.layers.\(layer).self_attn.\(name)_proj.weight", shape.hidden, shape.hidden)
            }
        }
        for layer in banks {
            let tensor = try declare("\(shape.path(ofLayer: layer)).router.weight", shape.experts, shape.hidden)
            try addRouter(router(layer: layer), tensor: tensor, bank: layer, to: writer, encoder)
        }
        for layer in banks {
            for expert in 0..<shape.experts {
                let name = "\(shape.path(ofLayer: layer)).experts.\(expert)."
                let up = try declare(name + "up_proj.weight", shape.width, shape.hidden)
                let down = try declare(name + "down_proj.weight", shape.hidden, shape.width)
                try addBlock(
                    .expert, bank: layer, expert: expert,
                    [
                        (up, .upWeight, self.up(layer: layer, expert: expert)),
                        (down, .downWeight, self.down(layer: layer, expert: expert)),
                    ])
            }
        }
        try writer.finish(model: shape.description, config: nil, source: nil)
        try output.commit()
    }

    private func addRouter(
        _ weights: RouterWeights, tensor: Int, bank: Int, to writer: ModelFileWriter, _ encoder: ChunkEncoder
    ) throws {
        let row = UInt64(shape.hidden)
        let elements = Chunking.chunkElements(rowLength: row, target: 131_072, elementBytes: 2)
        guard
            let chunking = Chunking(
                elements: UInt64(weights.words.count), rowLength: row, chunkElements: UInt64(elements))
        else { return }
        try writer.beginBlock(.router, bank: bank, decodedLength: UInt64(2 * weights.words.count))
        try weights.words.map(\.littleEndian).withUnsafeBytes { bytes in
            let plan = try encoder.plan(sample: bytes, dtype: .bf16)
            try writer.beginPart(
                of: tensor, startElement: 0, chunking: chunking, role: .routerWeight, orientation: .rowsAreOutputs,
                form: plan.form)
            for chunk in 0..<chunking.chunkCount {
                let range = chunking.range(of: chunk)
                let content = UnsafeRawBufferPointer(
                    rebasing: bytes[2 * Int(range.lowerBound)..<2 * Int(range.upperBound)])
                var stored: [UInt8] = []
                try encoder.encode(content, plan: plan, into: &stored)
                try stored.withUnsafeBytes {
                    try writer.append(stored: $0, hash: XXH3.hash64($0), content: content)
                }
            }
        }
        try writer.endBlock()
    }
}
