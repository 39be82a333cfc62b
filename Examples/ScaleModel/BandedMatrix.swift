import MoEFormat

/// A bfloat16 matrix whose rows lie in bands of one value each, a chunk a band.
///
/// Both byte planes of such a chunk are constant, so that a gigabyte of weights is stored in a kilobyte; what it multiplies is
/// known in closed form all the same.
struct BandedMatrix {
    let rows: Int
    let columns: Int
    /// Tells matrices of one shape apart.
    let pattern: Int
    /// Every value is a multiple of it.
    let unit: Float

    /// Whole rows, at most the largest chunk that the format has, and a quarter of a small matrix.
    var chunking: Chunking {
        let target = min(Limits.chunkBytes / 2, max(columns, rows * columns / 4))
        let elements = Chunking.chunkElements(rowLength: UInt64(columns), target: target, elementBytes: 2)
        // The row length divides the elements, and the chunk is made of rows.
        return Chunking(
            elements: UInt64(rows * columns), rowLength: UInt64(columns), chunkElements: UInt64(elements))!
    }

    /// The value of a band: a small multiple of the unit, never 0, exact in bfloat16.
    func value(ofBand band: Int) -> Float {
        let step = (pattern * 13 + band * 7) % 30 - 15
        return unit * Float(step < 0 ? step : step + 1)
    }

    /// Rows and value of each band.
    var bands: [(rows: Int, value: Float)] {
        (0..<chunking.chunkCount).map { chunk in
            (chunking.range(of: chunk).count / columns, value(ofBand: Int(chunk)))
        }
    }
}

/// What a banded matrix comes to in a file: its chunks as they are stored, and the hash of its content.
struct EncodedMatrix {
    struct Chunk {
        var stored: [UInt8]
        var hash: UInt64
    }

    let chunking: Chunking
    let form: StorageForm
    let chunks: [Chunk]
    let contentHash: ContentHash

    /// - Parameter encoder: makes the chunks' stored bytes.
    init(_ matrix: BandedMatrix, encoder: ChunkEncoder) throws {
        chunking = matrix.chunking
        let hasher = ContentHasher()
        // Every chunk is like the first: two planes of one value each.
        let row = [UInt16](repeating: Self.word(of: matrix.value(ofBand: 0)), count: matrix.columns)
        let plan = try row.withUnsafeBytes { try encoder.plan(sample: $0, dtype: .bf16) }
        var chunks: [Chunk] = []
        for (rows, value) in matrix.bands {
            let elements = [UInt16](repeating: Self.word(of: value), count: rows * matrix.columns)
            try elements.withUnsafeBytes { bytes in
                hasher.update(bytes)
                var stored: [UInt8] = []
                try encoder.encode(bytes, plan: plan, into: &stored)
                chunks.append(Chunk(stored: stored, hash: XXH3.hash64(stored)))
            }
        }
        form = plan.form
        self.chunks = chunks
        contentHash = hasher.value
    }

    /// The value as a file has it; its lower half is zero.
    private static func word(of value: Float) -> UInt16 { UInt16(value.bitPattern >> 16).littleEndian }
}
