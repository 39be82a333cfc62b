import MoEFormat

/// A run of consecutive chunks of one part: what a worker reads and encodes in one go.
struct WorkUnit: Sendable {
    /// Decoded bytes of a unit, about; a single chunk may be larger.
    static let targetBytes = 512 << 10

    let block: Int
    let part: Int
    let chunks: Range<UInt64>
    /// Elements of the part.
    let elements: Range<UInt64>
    let byteCount: Int
    let beginsBlock: Bool
    let beginsPart: Bool
    let endsBlock: Bool
}

/// The units of a plan, one after another in the order of the file.
struct WorkUnits {
    private let plan: ConversionPlan
    private let chunkElements: Int
    private var block = 0
    private var part = 0
    private var chunk: UInt64 = 0

    init(_ plan: ConversionPlan, chunkElements: Int) {
        self.plan = plan
        self.chunkElements = chunkElements
    }

    /// How a part is cut; nil for one that no chunking fits, which plans do not hold.
    static func chunking(of part: ConversionPlan.Part, dtype: Dtype, target: Int) -> Chunking? {
        if let stored = part.stored {
            return Chunking(elements: part.elementCount, rowLength: part.rowLength, chunkElements: stored.chunkElements)
        }
        let elements = Chunking.chunkElements(
            rowLength: part.rowLength, target: target, elementBytes: dtype.byteCount ?? 1)
        return Chunking(elements: part.elementCount, rowLength: part.rowLength, chunkElements: UInt64(elements))
    }

    mutating func next() throws(ConversionError) -> WorkUnit? {
        guard block < plan.blocks.count else { return nil }
        let parts = plan.blocks[block].parts
        let planned = parts[part]
        let dtype = plan.tensors[planned.tensor].dtype
        guard let width = dtype.byteCount,
            let chunking = Self.chunking(of: planned, dtype: dtype, target: chunkElements)
        else {
            throw .damaged("tensor \(plan.tensors[planned.tensor].name) cannot be cut into chunks")
        }
        let first = chunk
        var bytes = 0
        var end: UInt64 = chunking.range(of: first).lowerBound
        while chunk < chunking.chunkCount {
            let range = chunking.range(of: chunk)
            if chunk > first, bytes + range.count * width > WorkUnit.targetBytes { break }
            bytes += range.count * width
            end = range.upperBound
            chunk += 1
        }
        let endsPart = chunk == chunking.chunkCount
        let unit = WorkUnit(
            block: block, part: part, chunks: first..<chunk, elements: chunking.range(of: first).lowerBound..<end,
            byteCount: bytes, beginsBlock: part == 0 && first == 0, beginsPart: first == 0,
            endsBlock: endsPart && part == parts.count - 1)
        if endsPart {
            chunk = 0
            part += 1
            if part == parts.count {
                part = 0
                block += 1
            }
        }
        return unit
    }
}
