import MoESystem
import Synchronization

/// The whole-file rules about content: every chunk hashed and decoded, every gap zero, every content hash.
struct ContentVerifier {
    private let file: ModelFile
    private let workers: Workers
    private let progress: (@Sendable (UInt64) -> Void)?
    private let checked = Counter()
    /// Tensors with a damaged chunk: their content hash is not worth computing.
    private var damaged: Set<Int> = []

    private final class Counter: Sendable {
        let bytes = Atomic<UInt64>(0)
    }

    init(_ file: ModelFile, workers: Workers, progress: (@Sendable (UInt64) -> Void)?) {
        self.file = file
        self.workers = workers
        self.progress = progress
    }

    /// Checks a block's stored bytes: gaps, hashes, and that every chunk decodes.
    mutating func check(block index: Int) throws(FormatError) -> (
        findings: [Verification.Finding], bytes: UInt64, chunks: Int
    ) {
        let block = try file.block(at: index)
        let table = try file.chunkTable(of: block)
        try checkGaps(of: block, table: table)
        var findings: [Verification.Finding] = []
        var bytes: UInt64 = 0
        for (part, dtype) in zip(block.parts, block.dtypes) {
            let stored = table.entries(of: part).reduce(UInt64(0)) { $0 + UInt64($1.storedLength) }
            if stored != part.record.storedLength {
                let error = FormatError.broken(
                    .partStoredLength, "part \(part.id) is stored in \(stored) bytes, not \(part.record.storedLength)")
                findings.append(Verification.Finding(error: error, tensor: nil, chunk: nil))
            }
            // A dtype or encoding of a later version can be carried, not decoded: its hashes are still checked.
            let form: StorageForm?
            do throws(FormatError) {
                form = try part.form(dtype: dtype)
            } catch {
                guard error.kind == .unsupported else { throw error }
                let name = try? file.tensor(at: part.tensor).name
                findings.append(Verification.Finding(error: error, tensor: name, chunk: nil))
                form = nil
            }
            let failures = try damage(of: part, form: form, entries: Array(table.entries(of: part)), block: block)
            if !failures.isEmpty {
                let name = try? file.tensor(at: part.tensor).name
                findings += failures.map { Verification.Finding(error: $0.error, tensor: name, chunk: $0.chunk) }
                damaged.insert(part.tensor)
            }
            if form == nil { damaged.insert(part.tensor) }
            bytes += part.elementCount * UInt64(dtype.byteCount ?? 0)
        }
        return (findings, bytes, table.entries.count)
    }

    /// R44, for tensors all of whose chunks are whole.
    func checkContentHash(ofTensor index: Int) throws(FormatError) -> Verification.Finding? {
        guard !damaged.contains(index) else { return nil }
        let tensor = try file.tensor(at: index)
        let hasher = ContentHasher()
        let elementBytes = UInt64(tensor.dtype.byteCount ?? 1)
        let step = max(1, UInt64(8 << 20) / elementBytes)
        var position: UInt64 = 0
        while position < tensor.elementCount {
            let end = min(tensor.elementCount, position + step)
            let bytes = try file.bytes(of: tensor, elements: position..<end)
            unsafe bytes.withUnsafeBytes { unsafe hasher.update($0) }
            position = end
        }
        guard Integrity.matches(tensor.contentHash, hasher.value) else {
            let error = FormatError.broken(
                .contentHash, "the content hash is \(hasher.value), not \(tensor.contentHash)")
            return Verification.Finding(error: error, tensor: tensor.name, chunk: nil)
        }
        return nil
    }

    /// R74: what no chunk and no table covers is zero and shorter than 64 bytes.
    private func checkGaps(of block: Block, table: ChunkTable) throws(FormatError) {
        var position: UInt64 = 0
        for entry in table.entries {
            try checkGap(of: block, from: position, to: entry.offset)
            position = entry.offset + UInt64(entry.storedLength)
        }
        try checkGap(of: block, from: position, to: block.record.tableOffset)
    }

    private func checkGap(of block: Block, from start: UInt64, to end: UInt64) throws(FormatError) {
        guard start < end else { return }
        guard end - start < 64 else {
            throw .broken(
                .blockPadding, in: block, at: start, "\(end - start) bytes of block \(block.id) belong to no chunk")
        }
        guard
            try file.storage(of: block).read(at: block.offset + start, count: Int(end - start)).allSatisfy({ $0 == 0 })
        else {
            throw .broken(
                .blockPadding, in: block, at: start, "bytes of block \(block.id) between its chunks are not zero")
        }
    }

    private func damage(of part: Part, form: StorageForm?, entries: [ChunkEntry], block: Block) throws(FormatError)
        -> [(chunk: Int, error: FormatError)]
    {
        let failures = Locked<[(chunk: Int, error: FormatError)]>([])
        do {
            try workers.forEach(entries.count) { index in
                do throws(FormatError) {
                    let elements = part.chunking.range(of: UInt64(index)).count
                    try check(entries[index], index: index, elements: elements, form: form, part: part, block: block)
                    let bytes = UInt64(elements * (form?.elementBytes ?? 0))
                    let total = checked.bytes.wrappingAdd(bytes, ordering: .relaxed).newValue
                    progress?(total)
                } catch {
                    if error.kind == .io { throw error }
                    failures.withLock { $0.append((index, block.told(error))) }
                }
            }
        } catch let error as FormatError {
            throw error
        } catch {
            throw .limit("\(error)")
        }
        return failures.withLock { $0.sorted { $0.chunk < $1.chunk } }
    }

    private func check(_ entry: ChunkEntry, index: Int, elements: Int, form: StorageForm?, part: Part, block: Block)
        throws(FormatError)
    {
        let offset = block.offset + entry.offset
        let stored = try file.storage(of: block).read(at: offset, count: Int(entry.storedLength))
        guard Integrity.matches(entry.hash, XXH3.hash64(stored)) else {
            throw .broken(
                .chunkHash, in: block, at: entry.offset, "chunk \(index) of part \(part.id) does not match its hash")
        }
        guard let form else { return }
        try file.decoders.withDecoder { (decoder) throws(FormatError) in
            let room = ScratchBytes()
            var failure: FormatError?
            unsafe stored.withUnsafeBytes { bytes in
                do throws(FormatError) {
                    try unsafe decoder.decode(
                        bytes, form: form, elements: elements, into: room.bytes(elements * form.elementBytes))
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
    }
}
