import MoEFormat

extension ConversionPlan {
    /// The plan that a `.moe` file was written by.
    ///
    /// - Parameter copying: whether parts keep the form in which they are stored.
    /// - Throws: `ConversionError`.
    init(of checkpoint: ModelCheckpoint, copying: Bool) throws(ConversionError) {
        let file = checkpoint.file
        do throws(FormatError) {
            var blocks: [Block] = []
            for index in 0..<file.blockCount {
                let block = try file.block(at: index)
                guard let kind = BlockKind(rawValue: block.record.kind) else {
                    throw .unsupported("block \(index) is of an unknown kind")
                }
                var parts: [Part] = []
                for part in block.parts {
                    var planned = Part(
                        tensor: part.tensor, startElement: part.record.startElement, elementCount: part.elementCount,
                        rowLength: part.record.rowLength, role: part.role, orientation: part.orientation,
                        scheme: Int(part.record.scheme))
                    let companions = try file.companions(of: part).sorted { $0.key.rawValue < $1.key.rawValue }
                    planned.links = companions.map {
                        Part.Link(kind: $0.key, part: $0.value.id - Int(block.record.firstPart))
                    }
                    if copying {
                        planned.stored = Part.Stored(part: part.id, chunkElements: part.chunking.chunkElements)
                    }
                    parts.append(planned)
                }
                var planned = Block(
                    kind, bank: kind == .dense ? nil : Int(block.record.bank),
                    expert: kind == .expert || kind == .shared ? Int(block.record.expert) : nil, parts: parts)
                if copying { planned.alignment = block.record.alignmentLog2 }
                blocks.append(planned)
            }
            var hashes: [Int: ContentHash] = [:]
            for index in 0..<file.tensorCount { hashes[index] = try file.tensor(at: index).contentHash }
            self.init(
                tensors: checkpoint.tensors, aliases: checkpoint.aliases,
                banks: file.banks.map {
                    Bank(path: $0.path, layer: $0.layer, expertCount: $0.expertCount, sharedCount: $0.sharedCount)
                },
                blocks: blocks, model: file.model, configuration: try file.configuration())
            if copying { contentHashes = hashes }
        } catch {
            throw ConversionError(reading: error)
        }
    }
}
