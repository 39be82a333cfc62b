/// A file's directory as values that print themselves: what `moe-inspect` shows and scripts read.
package struct FileDump {
    package let file: ModelFile

    package init(_ file: ModelFile) { self.file = file }

    /// Bytes of all tensors when decoded, and of their chunks as stored.
    ///
    /// - Complexity: O(parts); reads the parts and tensors of the directory.
    package func totals() throws(FormatError) -> (tensorBytes: UInt64, storedBytes: UInt64) {
        var tensorBytes: UInt64 = 0
        var storedBytes: UInt64 = 0
        for index in 0..<file.tensorCount {
            tensorBytes = tensorBytes.addingClamped(try file.tensor(at: index).byteCount)
        }
        for index in 0..<file.partCount {
            storedBytes = storedBytes.addingClamped(try file.part(at: index).record.storedLength)
        }
        return (tensorBytes, storedBytes)
    }

    /// The stable JSON form: see the commands' documentation.
    package func json(withTensors: Bool) throws(FormatError) -> JSONValue {
        let totals = try totals()
        var object: JSONObject = [
            "format_version": .string("1.\(file.minorVersion)"),
            "file_bytes": .bytes(try file.byteCountOfSet()),
            "tensor_bytes": .bytes(totals.tensorBytes),
            "stored_bytes": .bytes(totals.storedBytes),
            "tensor_count": .integer(Int64(file.tensorCount)),
            "part_count": .integer(Int64(file.partCount)),
            "alias_count": .integer(Int64(file.aliasCount)),
            "metadata": try metadata(),
        ]
        if let set = try SetDump(file) { object["set"] = set.json }
        var layers: [JSONValue] = []
        for bank in file.banks { layers.append(try layer(bank)) }
        object["layers"] = .array(layers)
        if withTensors {
            var tensors: [JSONValue] = []
            for index in 0..<file.tensorCount { tensors.append(try tensor(index)) }
            object["tensors"] = .array(tensors)
            var aliases: [JSONValue] = []
            for index in 0..<file.aliasCount { aliases.append(try alias(index)) }
            object["aliases"] = .array(aliases)
        }
        return .object(object)
    }

    private func metadata() throws(FormatError) -> JSONValue {
        var object: JSONObject = ["model": file.model.json]
        if let configuration = try file.configuration() {
            // A configuration that is no JSON is shown as the text it is.
            if let value = try? JSONParser.parse(configuration, acceptingNonFinite: true) {
                object["config"] = value
            } else {
                object["config"] = .string(String(decoding: configuration, as: UTF8.self))
            }
        }
        return .object(object)
    }

    private func layer(_ bank: Bank) throws(FormatError) -> JSONValue {
        let layer = file.layer(of: bank)
        let router = file.router(of: bank)
        var stored: UInt64 = 0
        var decoded: UInt64 = 0
        for block in bank.blocks {
            let block = try file.block(at: block)
            stored = block.parts.reduce(stored) { $0.addingClamped($1.record.storedLength) }
            decoded = decoded.addingClamped(block.record.decodedLength)
        }
        return [
            "bank": .integer(Int64(bank.id)),
            "path": .string(bank.path),
            "layer": bank.layer.map { .integer(Int64($0)) } ?? .null,
            "experts": .integer(Int64(bank.expertCount)),
            "shared_experts": .integer(Int64(bank.sharedCount)),
            "top_k": .integer(Int64(router.kind == .all ? bank.expertCount : router.topK)),
            "router": router.json,
            "hidden_size": .integer(Int64(layer.hiddenSize)),
            "output_size": .integer(Int64(layer.outputSize)),
            "expert_size": .integer(Int64(layer.expertSize)),
            "expert_function": file.function(of: bank).json,
            "shared": layer.shared?.json ?? .null,
            "stored_bytes": .bytes(stored),
            "tensor_bytes": .bytes(decoded),
        ]
    }

    /// An alias by its number.
    package func alias(_ index: Int) throws(FormatError) -> JSONValue {
        let alias = try file.alias(at: index)
        return ["name": .string(alias.name), "tensor": .string(try file.tensor(at: alias.tensor).name)]
    }

    /// A tensor by its number, with its parts.
    package func tensor(_ index: Int) throws(FormatError) -> JSONValue {
        let tensor = try file.tensor(at: index)
        var parts: [JSONValue] = []
        for part in try file.parts(of: tensor) {
            let block = try file.block(of: part)
            let isOfBank = block.record.bank != none32
            var object: JSONObject = [
                "role": .string(part.role.name),
                "bank": isOfBank ? .integer(Int64(block.record.bank)) : .null,
                "expert": block.record.expert == none32 ? .null : .integer(Int64(block.record.expert)),
                "block": .integer(Int64(part.block)),
                "orientation": .string("\(part.orientation)"),
                "encoding": .string(
                    Encoding(rawValue: part.record.encoding).map { "\($0)" } ?? "unknown(\(part.record.encoding))"),
                "stored_bytes": .bytes(part.record.storedLength),
                "tensor_bytes": .bytes(part.byteCount(of: tensor.dtype)),
                "offset": .bytes(try file.offset(of: part, in: block)),
                "chunks": .integer(Int64(part.record.chunkCount)),
            ]
            if let set = file.set {
                object["file"] = .string(SetName.file(of: set.path(of: Int(block.record.file))))
            }
            parts.append(.object(object))
        }
        return [
            "name": .string(tensor.name),
            "dtype": .string(tensor.dtype.name),
            "shape": .array(tensor.shape.map { .integer(Int64($0)) }),
            "content_hash": .string(tensor.contentHash.description),
            "parts": .array(parts),
        ]
    }
}

extension JSONValue {
    /// A number of bytes; beyond 63 bits, which no file has, the largest integer.
    package static func bytes(_ count: UInt64) -> JSONValue { .integer(Int64(clamping: count)) }
}

extension Bank {
    /// All its blocks: router, shared, experts.
    package var blocks: [Int] {
        [routerBlock].compactMap(\.self) + (0..<sharedCount).map(block(ofShared:))
            + (0..<expertCount).map(block(ofExpert:))
    }
}

extension ModelFile {
    /// Where the first stored byte of a part lies in the file; `block` is the one that lists it.
    package func offset(of part: Part, in block: Block) throws(FormatError) -> UInt64 {
        let start =
            block.offset + block.record.tableOffset + UInt64(part.record.firstChunk) * UInt64(ChunkEntry.encodedSize)
        var reader = ByteReader(
            try storage(of: block).read(at: start, count: ChunkEntry.encodedSize), base: start, rule: .blockTable)
        return block.offset &+ (try ChunkEntry(&reader)).offset
    }
}
