/// The chunks of a part one after another: each read, checked against its hash, and decoded on request.
///
/// Owned by one thread at a time. Memory: one chunk as stored and one decoded.
package final class ChunkReader {
    private let part: EncodedPart
    private let decoders: DecoderPool
    private let room = ScratchBytes()
    private let storedRoom = ScratchBytes()

    /// - Throws: `FormatError`; of kind `unsupported` for a dtype or encoding of a later version.
    package init(_ part: Part, of file: ModelFile) throws(FormatError) {
        self.part = try file.encodedPart(part.id)
        decoders = file.decoders
    }

    package var chunkCount: UInt64 { part.chunking.chunkCount }

    /// Elements of a chunk, which must be below `chunkCount`.
    package func elementCount(ofChunk index: UInt64) -> Int { part.chunking.range(of: index).count }

    /// Reads and decodes a chunk, which must be below `chunkCount`.
    ///
    /// - Parameter observe: told how long each plane of the chunk is as stored; for a raw chunk, its bytes as one plane.
    /// - Returns: the elements' bytes, until the next call.
    /// - Throws: `FormatError`; by R55, R71, R72 or R73 for a damaged chunk.
    package func decode(chunk index: UInt64, observe: (([Int]) -> Void)? = nil) throws(FormatError)
        -> UnsafeRawBufferPointer
    {
        let stored = unsafe storedRoom.bytes(part.storedLength(of: index..<index + 1))
        _ = try unsafe part.read(chunk: index, into: stored)
        let elements = elementCount(ofChunk: index)
        let decoded = unsafe room.bytes(elements * part.form.elementBytes)
        try decoders.withDecoder { (decoder) throws(FormatError) in
            try unsafe decoder.decode(
                UnsafeRawBufferPointer(stored), form: part.form, elements: elements, into: decoded)
        }
        // Decoding has checked the header that this reads again.
        if let observe {
            observe(try unsafe part.form.planeLengths(of: UnsafeRawBufferPointer(stored), elements: elements))
        }
        return unsafe UnsafeRawBufferPointer(decoded)
    }
}

extension StorageForm {
    /// How many bytes each plane of a chunk has as stored; of a raw chunk, which has none, its bytes.
    ///
    /// - Throws: `FormatError` by R72.
    fileprivate func planeLengths(of stored: UnsafeRawBufferPointer, elements: Int) throws(FormatError) -> [Int] {
        guard encoding == .planes else { return [stored.count] }
        guard stored.count >= elementBytes * PlaneWord.encodedSize else {
            throw .broken(.planeLengths, "a chunk of \(stored.count) bytes has no room for its plane header")
        }
        var lengths: [Int] = []
        for plane in 0..<elementBytes {
            // The words lie inside the header, whose length was checked.
            let raw = unsafe stored.loadUnaligned(fromByteOffset: plane * PlaneWord.encodedSize, as: UInt32.self)
            lengths.append(try PlaneWord(UInt32(littleEndian: raw), elements: elements).storedLength)
        }
        return lengths
    }
}
