internal import MoEFormat

/// A router block read whole: it stays in memory as long as its layer.
enum RouterBlock {
    static func parts(of block: Block, in file: ModelFile) throws(FormatError) -> [StoredPart] {
        // Its parts stay in memory together, and a few bytes of a file can stand for many.
        try FormatError.checkMemory(block.decodedCapacity)
        var parts: [StoredPart] = []
        for (part, dtype) in zip(block.parts, block.dtypes) {
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
