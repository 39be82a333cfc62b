/// A run of a tensor's elements that lies in one block: one expert's share, or the whole of a plain tensor.
package struct Part: Sendable, Identifiable {
    /// The part's number in the file.
    package let id: Int
    package let record: PartRecord
    package let chunking: Chunking

    package var role: Role { Role(rawValue: record.role) }
    package var orientation: Orientation { Orientation(rawValue: record.orientation) ?? .none }
    package var tensor: Int { Int(record.tensor) }
    package var block: Int { Int(record.block) }
    package var elementCount: UInt64 { record.elementCount }

    /// Bytes when decoded, 0 for an unknown dtype; the greatest number where they cannot be counted.
    package func byteCount(of dtype: Dtype) -> UInt64 { elementCount *? UInt64(dtype.byteCount ?? 0) ?? .max }

    /// How its chunks are stored.
    ///
    /// - Throws: `FormatError` by R54; of kind `unsupported` for a dtype or encoding of a later version.
    package func form(dtype: Dtype) throws(FormatError) -> StorageForm {
        guard let elementBytes = dtype.byteCount else {
            throw .unsupported("the tensor has dtype \(dtype), which this version does not know", rule: .dtype)
        }
        guard
            chunking.chunkElements *? UInt64(elementBytes) ?? .max <= UInt64(Limits.chunkBytes)
                || chunking.elements *? UInt64(elementBytes) ?? .max <= UInt64(Limits.chunkBytes)
        else {
            throw .broken(
                .chunking,
                "part \(id): a chunk of \(chunking.chunkElements) elements of \(elementBytes) bytes exceeds \(Limits.chunkBytes) bytes"
            )
        }
        return try StorageForm(encoding: record.encoding, rotation: record.rotation, elementBytes: elementBytes)
    }
}

extension ModelFile {
    /// A part by its number, checked by itself: R51, R52, R57 in part.
    package func part(at index: Int) throws(FormatError) -> Part {
        var reader = try directory.record(.parts, index, rule: .partOfTensor)
        let offset = reader.offset
        let record = try PartRecord(&reader)
        guard record.rowLength > 0, record.elementCount > 0, record.elementCount % record.rowLength == 0,
            Orientation(rawValue: record.orientation) != nil
        else {
            throw .broken(
                .rowLength, at: offset,
                "part \(index): rows of \(record.rowLength) in \(record.elementCount) elements, orientation \(record.orientation)"
            )
        }
        guard
            let chunking = Chunking(
                elements: record.elementCount, rowLength: record.rowLength, chunkElements: UInt64(record.chunkElements)),
            chunking.chunkCount == UInt64(record.chunkCount)
        else {
            throw .broken(
                .chunking, at: offset,
                "part \(index): \(record.chunkCount) chunks of \(record.chunkElements) elements for \(record.elementCount) in rows of \(record.rowLength)"
            )
        }
        guard record.block < blockCount else {
            throw .broken(.partOfBlock, at: offset, "part \(index) lies in block \(record.block) of \(blockCount)")
        }
        guard record.tensor < tensorCount else {
            throw .broken(
                .partOfTensor, at: offset, "part \(index) belongs to tensor \(record.tensor) of \(tensorCount)")
        }
        let linksEnd = UInt64(record.firstLink) + UInt64(record.linkCount)
        guard record.linkCount == 0 ? record.firstLink == 0 : linksEnd <= UInt64(directory.count(.links)) else {
            throw .broken(
                .links, at: offset,
                "part \(index): \(record.linkCount) links from \(record.firstLink) of \(directory.count(.links))")
        }
        guard Int(record.scheme) <= model.quantization.count else {
            throw .broken(
                .links, at: offset, "part \(index) has scheme \(record.scheme) of \(model.quantization.count)")
        }
        return Part(id: index, record: record, chunking: chunking)
    }

    /// The parts that hold a tensor, in the order of its elements.
    ///
    /// - Throws: `FormatError` by R42 or R43.
    package func parts(of tensor: Tensor) throws(FormatError) -> [Part] {
        guard
            tensor.partCount == 0
                || UInt64(tensor.firstPart) + UInt64(tensor.partCount) <= UInt64(directory.count(.tensorParts))
        else {
            throw .broken(
                .partOfTensor, "tensor \(tensor.id): parts from \(tensor.firstPart) of \(directory.count(.tensorParts))"
            )
        }
        var parts: [Part] = []
        var position: UInt64 = 0
        for index in 0..<Int(tensor.partCount) {
            var reader = try directory.record(.tensorParts, Int(tensor.firstPart) + index, rule: .partOfTensor)
            let offset = reader.offset
            let part = try part(at: Int(reader.u32()))
            guard part.tensor == tensor.id else {
                throw .broken(
                    .partOfTensor, at: offset,
                    "tensor \(tensor.id) names part \(part.id), which belongs to tensor \(part.tensor)")
            }
            guard part.record.startElement == position, let end = position +? part.elementCount else {
                throw .broken(
                    .partsCover, at: offset,
                    "tensor \(tensor.id): part \(part.id) begins at element \(part.record.startElement), not \(position)"
                )
            }
            try checkRows(of: part, tensor: tensor)
            position = end
            parts.append(part)
        }
        guard position == tensor.elementCount else {
            throw .broken(
                .partsCover, "tensor \(tensor.id): its parts hold \(position) of \(tensor.elementCount) elements")
        }
        return parts
    }

    /// R51: a part's rows are its tensor's, or it lies inside one of them.
    private func checkRows(of part: Part, tensor: Tensor) throws(FormatError) {
        let rowLength = UInt64(tensor.rowLength)
        let (start, count) = (part.record.startElement, part.elementCount)
        let isInsideARow =
            rowLength > 0 && part.record.rowLength == count && start / rowLength == (start + (count - 1)) / rowLength
        let hasWholeRows = part.record.rowLength == rowLength && start % rowLength == 0
        guard hasWholeRows || isInsideARow else {
            throw .broken(
                .rowLength, "part \(part.id): rows of \(part.record.rowLength) in a tensor with rows of \(rowLength)")
        }
    }

    /// The companions of a quantised part, by kind.
    ///
    /// - Throws: `FormatError` by R57.
    package func companions(of part: Part) throws(FormatError) -> [LinkKind: Part] {
        var companions: [LinkKind: Part] = [:]
        for index in 0..<Int(part.record.linkCount) {
            var reader = try directory.record(.links, Int(part.record.firstLink) + index, rule: .links)
            let offset = reader.offset
            let link = try LinkRecord(&reader)
            guard Int(link.part) < partCount else {
                throw .broken(.links, at: offset, "part \(part.id) is linked to part \(link.part) of \(partCount)")
            }
            let companion = try self.part(at: Int(link.part))
            guard companion.block == part.block, companion.id != part.id else {
                throw .broken(
                    .links, at: offset,
                    "part \(part.id) is linked to part \(companion.id), which is itself or lies in another block")
            }
            if let kind = LinkKind(rawValue: link.kind) { companions[kind] = companion }
        }
        return companions
    }
}
