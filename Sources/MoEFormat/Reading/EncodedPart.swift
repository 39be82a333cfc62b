import MoESystem

/// A part as it is stored, for those who copy it without decoding.
package struct EncodedPart: Sendable {
    package let form: StorageForm
    package let chunking: Chunking
    private let entries: [ChunkEntry]
    private let block: Block
    private let number: Int
    private let storage: ReadableFile

    fileprivate init(_ part: Part, block: Block, dtype: Dtype, table: ChunkTable, storage: ReadableFile)
        throws(FormatError)
    {
        form = try part.form(dtype: dtype)
        chunking = part.chunking
        entries = Array(table.entries(of: part))
        self.block = block
        number = part.id
        self.storage = storage
    }

    /// Stored bytes of chunks together.
    package func storedLength(of chunks: Range<UInt64>) -> Int {
        chunks.reduce(0) { $0 + Int(entries[Int($1)].storedLength) }
    }

    /// Reads a chunk's stored bytes and checks them against their hash, which is returned.
    ///
    /// - Parameter destination: exactly as long as the chunk is stored.
    /// - Throws: `FormatError`; by R71 for a chunk that is damaged.
    package func read(chunk: UInt64, into destination: UnsafeMutableRawBufferPointer) throws(FormatError) -> UInt64 {
        let entry = entries[Int(chunk)]
        do throws(SystemError) {
            try unsafe storage.read(into: destination, at: block.offset + entry.offset)
        } catch { throw .io(error) }
        guard unsafe XXH3.hash64(UnsafeRawBufferPointer(destination)) == entry.hash else {
            throw .broken(
                .chunkHash, in: block, at: entry.offset, "chunk \(chunk) of part \(number) does not match its hash")
        }
        return entry.hash
    }
}

extension ModelFile {
    /// A part as it is stored.
    ///
    /// - Throws: `FormatError`.
    package func encodedPart(_ number: Int) throws(FormatError) -> EncodedPart {
        let part = try part(at: number)
        let block = try block(of: part)
        // The block lists the part, at this place of its run.
        let dtype = block.dtypes[number - Int(block.record.firstPart)]
        return try EncodedPart(
            part, block: block, dtype: dtype, table: chunkTable(of: block), storage: storage(of: block))
    }
}
