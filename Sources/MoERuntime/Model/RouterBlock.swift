internal import MoEFormat

/// A router block's parts: they stay in memory as long as their layer.
enum RouterBlock {
    /// Reads the parts that a layer has a use for.
    static func parts(of block: Block, in file: ModelFile) throws(FormatError) -> [StoredPart] {
        let needed = zip(block.parts, block.dtypes).filter { RouterParts.uses($0.0.role) }
        // A few bytes of a file can stand for many: read and copied, all of them must fit.
        let bytes = needed.reduce(UInt64(0)) { $0.addingClamped($1.0.byteCount(of: $1.1)) }
        try FormatError.checkMemory(Int(clamping: bytes.addingClamped(bytes)))
        var parts: [StoredPart] = []
        for (part, dtype) in needed {
            let tensor = try file.tensor(at: part.tensor)
            let start = part.record.startElement
            let bytes = try file.bytes(of: tensor, elements: start..<start + part.elementCount)
            let elements = StoredElements(copying: bytes, dtype: dtype, count: Int(part.elementCount))
            parts.append(
                StoredPart(
                    part.role,
                    StoredMatrix(
                        elements, rowLength: Int(clamping: part.record.rowLength), orientation: part.orientation)))
        }
        return parts
    }
}
