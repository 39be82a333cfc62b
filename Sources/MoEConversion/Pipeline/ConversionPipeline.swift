import Foundation
package import MoEFormat
import MoESystem

/// Reads, encodes and writes a planned file: workers side by side, one ordered writer, bounded memory.
///
/// The bytes written depend on the plan and the storage options' compression, chunk size and alignment alone; not on the
/// number of jobs or on timing.
package struct ConversionPipeline {
    private let plan: ConversionPlan
    private let checkpoint: any Checkpoint
    private let options: StorageOptions
    private let progress: (@Sendable (UInt64) -> Void)?

    /// - Parameter progress: told the decoded bytes written so far, from the writing thread.
    package init(
        _ plan: ConversionPlan, from checkpoint: any Checkpoint, options: StorageOptions,
        progress: (@Sendable (UInt64) -> Void)? = nil
    ) {
        self.plan = plan
        self.checkpoint = checkpoint
        self.options = options
        self.progress = progress
    }

    /// A unit with its part's encoding plan, shared by the units of the part.
    private struct Job: Sendable {
        let unit: WorkUnit
        let plan: PartPlan
        /// What to ask the system to read while this unit is worked on.
        let ahead: [WorkUnit]
    }

    /// Source bytes that the system is asked to read before a worker wants them, about.
    private static let readAheadBytes = 16 << 20

    /// Writes all blocks and the directory.
    ///
    /// - Throws: `ConversionError`; nothing is to be kept of the output then.
    package func run(into writer: ModelFileWriter) throws(ConversionError) {
        do throws(FormatError) {
            try declare(in: writer)
        } catch {
            throw ConversionError(writing: error)
        }
        var units = WorkUnits(plan, chunkElements: options.chunkElements)
        var scout = units
        var lead = 0
        var partPlan = PartPlan()
        // A unit holds its decoded bytes and about as many stored ones.
        let byteLimit = max(8 << 20, options.memory * 3 / 10)
        let queue = OrderedQueue<Job, EncodedUnit>(byteLimit: byteLimit) {
            () throws(ConversionError) in
            guard let unit = try units.next() else { return nil }
            if unit.beginsPart { partPlan = PartPlan() }
            lead -= unit.byteCount
            var ahead: [WorkUnit] = []
            while lead < Self.readAheadBytes, let next = try scout.next() {
                lead += next.byteCount
                ahead.append(next)
            }
            return (Job(unit: unit, plan: partPlan, ahead: ahead), 2 * unit.byteCount)
        }
        let pool = UnitPool(limit: byteLimit / (2 * WorkUnit.targetBytes))
        let finished = DispatchGroup()
        for _ in 0..<max(1, options.jobs) {
            finished.enter()
            let thread = Thread {
                work(on: queue, pool: pool)
                finished.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        // Workers must be gone before the checkpoint and the output may go.
        defer { finished.wait() }
        do throws(ConversionError) {
            try write(from: queue, pool: pool, into: writer)
        } catch {
            queue.abandon(error)
            throw error
        }
    }

    private func declare(in writer: ModelFileWriter) throws(FormatError) {
        for tensor in plan.tensors {
            _ = try writer.declareTensor(tensor.name, dtype: tensor.dtype, shape: tensor.shape)
        }
        for (tensor, hash) in plan.contentHashes { writer.declare(contentHash: hash, ofTensor: tensor) }
        for alias in plan.aliases { try writer.declareAlias(alias.name, of: alias.tensor) }
        for bank in plan.banks {
            _ = try writer.declareBank(
                path: bank.path, layer: bank.layer, expertCount: bank.expertCount, sharedCount: bank.sharedCount)
        }
    }

    private func advise(_ unit: WorkUnit) {
        let part = plan.blocks[unit.block].parts[unit.part]
        checkpoint.willRead(
            tensor: part.tensor,
            elements: part.startElement + unit.elements.lowerBound..<part.startElement + unit.elements.upperBound)
    }

    // MARK: Workers

    private func work(on queue: OrderedQueue<Job, EncodedUnit>, pool: UnitPool) {
        do throws(ConversionError) {
            let reader = try checkpoint.makeReader()
            let encoder: ChunkEncoder
            do { encoder = try ChunkEncoder() } catch { throw ConversionError(writing: error) }
            while let (ticket, bytes, job) = queue.take() {
                do throws(ConversionError) {
                    for unit in job.ahead { advise(unit) }
                    let result = pool.take(for: job.unit)
                    try encode(job, into: result, reader: reader, encoder: encoder)
                    queue.put(result, ticket: ticket, bytes: bytes)
                } catch {
                    // Others may be waiting for this part's plan.
                    job.plan.publish(.failure(error))
                    throw error
                }
            }
        } catch {
            queue.abandon(error)
        }
    }

    private func encode(
        _ job: Job, into result: EncodedUnit, reader: any CheckpointReader, encoder: ChunkEncoder
    ) throws(ConversionError) {
        let unit = job.unit
        let part = plan.blocks[unit.block].parts[unit.part]
        let dtype = plan.tensors[part.tensor].dtype
        if let stored = part.stored { return try copy(stored.part, job, into: result, reader: reader) }
        let content = unsafe result.content.bytes(unit.byteCount)
        let elements = part.startElement + unit.elements.lowerBound..<part.startElement + unit.elements.upperBound
        try unsafe reader.read(tensor: part.tensor, elements: elements, into: content)
        do throws(FormatError) {
            if unit.beginsPart {
                job.plan.publish(
                    .success(
                        try unsafe encodingPlan(sample: UnsafeRawBufferPointer(content), dtype: dtype, encoder: encoder)
                    ))
            }
        } catch {
            throw ConversionError(writing: error)
        }
        let encoding = try job.plan.wait()
        guard let chunking = WorkUnits.chunking(of: part, dtype: dtype, target: options.chunkElements) else {
            throw .damaged("tensor \(plan.tensors[part.tensor].name) cannot be cut into chunks")
        }
        result.form = encoding.form
        let isRaw = encoding.form.encoding == .raw
        let bound = unit.chunks.count * ChunkEncoder.storedBound(chunkBytes: 0) + unit.byteCount
        let stored = unsafe result.stored.bytes(isRaw ? 0 : bound)
        var position = 0
        var storedPosition = 0
        for index in unit.chunks {
            let length = chunking.range(of: index).count * encoding.form.elementBytes
            let decoded = position..<position + length
            position += length
            // The unit's content is exactly its chunks, one after another.
            let chunk = unsafe UnsafeRawBufferPointer(rebasing: content[decoded])
            if isRaw {
                result.chunks.append(.init(content: decoded, stored: decoded, hash: unsafe XXH3.hash64(chunk)))
                continue
            }
            // The room left holds the bound of every chunk that is still to come.
            let room = unsafe UnsafeMutableRawBufferPointer(rebasing: stored[storedPosition...])
            let count: Int
            do { count = try unsafe encoder.encode(chunk, plan: encoding, into: room) } catch {
                throw ConversionError(writing: error)
            }
            let hash = unsafe XXH3.hash64(UnsafeRawBufferPointer(rebasing: room[0..<count]))
            result.chunks.append(.init(content: decoded, stored: storedPosition..<storedPosition + count, hash: hash))
            storedPosition += count
        }
    }

    /// Takes stored chunks as they are; they are decoded only where the tensor's content hash must be made.
    private func copy(_ number: Int, _ job: Job, into result: EncodedUnit, reader: any CheckpointReader)
        throws(ConversionError)
    {
        let unit = job.unit
        let part = plan.blocks[unit.block].parts[unit.part]
        if unit.beginsPart { job.plan.publish(try checkpoint.encodedPart(number)) }
        guard let stored = try job.plan.waitForStored(), unit.chunks.upperBound <= stored.chunking.chunkCount else {
            throw .damaged("part \(number) cannot be copied")
        }
        result.form = stored.form
        result.isCopied = true
        let room = unsafe result.stored.bytes(stored.storedLength(of: unit.chunks))
        var position = 0
        var decoded = 0
        for chunk in unit.chunks {
            let length = stored.storedLength(of: chunk..<chunk + 1)
            let content = stored.chunking.range(of: chunk).count * stored.form.elementBytes
            let hash: UInt64
            do throws(FormatError) {
                // The room is as long as the chunks are together.
                hash = try unsafe stored.read(
                    chunk: chunk, into: UnsafeMutableRawBufferPointer(rebasing: room[position..<position + length]))
            } catch {
                throw ConversionError(reading: error)
            }
            result.chunks.append(
                .init(content: decoded..<decoded + content, stored: position..<position + length, hash: hash))
            position += length
            decoded += content
        }
        guard plan.contentHashes[part.tensor] == nil else { return }
        let elements = part.startElement + unit.elements.lowerBound..<part.startElement + unit.elements.upperBound
        try unsafe reader.read(tensor: part.tensor, elements: elements, into: result.content.bytes(unit.byteCount))
    }

    private func encodingPlan(sample: UnsafeRawBufferPointer, dtype: Dtype, encoder: ChunkEncoder) throws(FormatError)
        -> EncodingPlan
    {
        switch options.compression {
        case .zstd: try unsafe encoder.plan(sample: sample, dtype: dtype)
        case .none: EncodingPlan.raw(dtype: dtype)
        }
    }

    // MARK: Writer

    private func write(from queue: OrderedQueue<Job, EncodedUnit>, pool: UnitPool, into writer: ModelFileWriter)
        throws(ConversionError)
    {
        var numbers: [Int] = []
        var written: UInt64 = 0
        while let (result, bytes) = try queue.next() {
            do throws(FormatError) {
                try write(result, partNumbers: &numbers, into: writer)
            } catch {
                throw ConversionError(writing: error)
            }
            written += UInt64(result.unit.byteCount)
            pool.give(result)
            queue.release(bytes)
            progress?(written)
        }
    }

    private func write(_ result: EncodedUnit, partNumbers numbers: inout [Int], into writer: ModelFileWriter)
        throws(FormatError)
    {
        let unit = result.unit
        let block = plan.blocks[unit.block]
        let part = block.parts[unit.part]
        if unit.beginsBlock {
            let length = block.parts.reduce(UInt64(0)) { $0 + plan.byteCount(of: $1) }
            try writer.beginBlock(
                block.kind, bank: block.bank, expert: block.expert, decodedLength: length, aligned: block.alignment)
            numbers.removeAll()
        }
        if unit.beginsPart, let form = result.form,
            let chunking = WorkUnits.chunking(
                of: part, dtype: plan.tensors[part.tensor].dtype, target: options.chunkElements)
        {
            numbers.append(
                try writer.beginPart(
                    of: part.tensor, startElement: part.startElement, chunking: chunking, role: part.role,
                    orientation: part.orientation, scheme: part.scheme, form: form))
        }
        let isRaw = result.form?.encoding == .raw && !result.isCopied
        if plan.contentHashes[part.tensor] != nil {
            let stored = unsafe result.stored.bytes(result.chunks.last?.stored.upperBound ?? 0)
            for chunk in result.chunks {
                try unsafe writer.append(
                    stored: UnsafeRawBufferPointer(rebasing: stored[chunk.stored]), hash: chunk.hash)
            }
            return try end(unit, block, numbers, writer)
        }
        let content = unsafe result.content.bytes(unit.byteCount)
        let stored = unsafe isRaw ? content : result.stored.bytes(result.chunks.last?.stored.upperBound ?? 0)
        for chunk in result.chunks {
            // Both ranges were made when the unit was encoded, inside what its buffers then held.
            try unsafe writer.append(
                stored: UnsafeRawBufferPointer(rebasing: stored[chunk.stored]), hash: chunk.hash,
                content: UnsafeRawBufferPointer(rebasing: content[chunk.content]))
        }
        try end(unit, block, numbers, writer)
    }

    private func end(
        _ unit: WorkUnit, _ block: ConversionPlan.Block, _ numbers: [Int], _ writer: ModelFileWriter
    ) throws(FormatError) {
        guard unit.endsBlock else { return }
        for (position, part) in block.parts.enumerated() {
            for link in part.links { writer.link(numbers[position], to: numbers[link.part], as: link.kind) }
        }
        try writer.endBlock()
    }
}
