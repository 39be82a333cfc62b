import MoEFormat

/// Finds dense tensors that hold the same elements.
struct EqualTensors {
    private let plan: ConversionPlan
    private let checkpoint: any Checkpoint

    init(_ plan: ConversionPlan, in checkpoint: any Checkpoint) {
        self.plan = plan
        self.checkpoint = checkpoint
    }

    /// For each tensor that is equal to an earlier one, the first such. Only dense tensors count: an expert's bytes must lie in its
    /// own block.
    ///
    /// Only tensors that share dtype and shape are read, unless their hashes are known.
    func originals() throws(ConversionError) -> [Int: Int] {
        struct Kind: Hashable {
            var dtype: Dtype
            var shape: [Int]
        }
        var elsewhere: Set<Int> = []
        for block in plan.blocks where block.kind != .dense { elsewhere.formUnion(block.parts.map(\.tensor)) }
        var kinds: [Kind: [Int]] = [:]
        for (number, tensor) in plan.tensors.enumerated() where !elsewhere.contains(number) && tensor.byteCount > 0 {
            kinds[Kind(dtype: tensor.dtype, shape: tensor.shape), default: []].append(number)
        }
        let reader = try checkpoint.makeReader()
        var originals: [Int: Int] = [:]
        for (_, numbers) in kinds.sorted(by: { ($0.value.first ?? 0) < ($1.value.first ?? 0) }) where numbers.count > 1
        {
            var firsts: [ContentHash: Int] = [:]
            for number in numbers {
                let hash: ContentHash
                if let known = plan.contentHashes[number] {
                    hash = known
                } else {
                    hash = try checkpoint.contentHash(of: number, by: reader)
                }
                if let first = firsts[hash] { originals[number] = first } else { firsts[hash] = number }
            }
        }
        return originals
    }
}

extension Checkpoint {
    /// The content hash of a tensor, by reading it.
    func contentHash(of tensor: Int, by reader: any CheckpointReader) throws(ConversionError) -> ContentHash {
        let hasher = ContentHasher()
        let room = ScratchBytes()
        let width = tensors[tensor].dtype.byteCount ?? 1
        for range in try readingUnits(of: tensor, targetBytes: ExportPipeline.unitBytes) {
            let bytes = unsafe room.bytes(range.count * width)
            try unsafe reader.read(tensor: tensor, elements: range, into: bytes)
            unsafe hasher.update(UnsafeRawBufferPointer(bytes))
        }
        return hasher.value
    }
}
