internal import CDeflate
import MoESystem

extension ZipArchive {
    private static let pieceBytes = 4 << 20
    /// Bytes of a deflated member, which is held in memory as a whole; Keras stores its members.
    private static let deflatedLimit: UInt64 = 4 << 30
    /// What deflate can reach at most: more was never packed so.
    private static let deflateRatio: UInt64 = 1032

    /// Hands a member's content to `body`, piece by piece, and checks it against its checksum.
    ///
    /// - Throws: `ConversionError`; `damaged` for content that is not what the directory says.
    func read(
        _ member: Member, _ body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void
    ) throws(ConversionError) {
        let range = try range(of: member)
        var checksum: UInt32 = 0
        switch member.compression {
        case .stored:
            guard member.size == member.compressedSize else { throw damaged(member) }
            var position = range.lowerBound
            while position < range.upperBound {
                let bytes = try file.input(
                    at: position, count: Int(min(UInt64(Self.pieceBytes), range.upperBound - position)))
                position += UInt64(bytes.count)
                try unsafe hand(bytes, to: body, checksum: &checksum)
            }
        case .deflated:
            guard member.size <= Self.deflatedLimit, member.compressedSize <= Self.deflatedLimit else {
                throw ConversionError(
                    .limit,
                    "\(file.path): deflated member \(member.name) has \(member.size) bytes; at most \(Self.deflatedLimit) are read"
                )
            }
            guard member.size / Self.deflateRatio <= member.compressedSize else { throw damaged(member) }
            guard member.size <= MemoryLimit.bytes / 2 else {
                throw ConversionError(
                    .limit,
                    "\(file.path): deflated member \(member.name) has \(member.size) bytes, too many for the \(MemoryLimit.bytes) bytes of memory"
                )
            }
            let packed = try file.input(at: range.lowerBound, count: Int(member.compressedSize))
            try unsafe hand(try inflated(packed, to: Int(member.size), member), to: body, checksum: &checksum)
        }
        guard checksum == member.checksum else { throw damaged(member) }
    }

    private func hand(
        _ bytes: [UInt8], to body: (UnsafeRawBufferPointer) throws(ConversionError) -> Void, checksum: inout UInt32
    ) throws(ConversionError) {
        try unsafe bytes.withUnsafeBufferPointer { buffer throws(ConversionError) in
            let piece = UnsafeRawBufferPointer(buffer)
            // Reads the piece.
            checksum = unsafe libdeflate_crc32(checksum, piece.baseAddress, piece.count)
            try unsafe body(piece)
        }
    }

    private func inflated(_ packed: [UInt8], to size: Int, _ member: Member) throws(ConversionError) -> [UInt8] {
        guard let decompressor = unsafe libdeflate_alloc_decompressor() else {
            throw ConversionError(.limit, "there is no memory for a decompressor")
        }
        defer { unsafe libdeflate_free_decompressor(decompressor) }
        var isWhole = false
        // Room that nothing is written to costs no memory: a size that is only claimed is found out for nothing.
        let content = unsafe [UInt8](unsafeUninitializedCapacity: size) { output, initialized in
            var written = 0
            // Reads and writes at most the counts that it is given.
            let result = unsafe packed.withUnsafeBytes { input in
                unsafe libdeflate_deflate_decompress(
                    decompressor, input.baseAddress, input.count, output.baseAddress, size, &written)
            }
            isWhole = result == LIBDEFLATE_SUCCESS && written == size
            initialized = isWhole ? size : 0
        }
        guard isWhole else { throw damaged(member) }
        return content
    }

    private func damaged(_ member: Member) -> ConversionError {
        .damaged("\(file.path): member \(member.name) is damaged: its content is not what the archive's directory says")
    }
}
