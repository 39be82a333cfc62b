import MoEFormat

/// The tensors and aliases of a file whose names match a pattern.
struct FoundTensors {
    private let file: ModelFile
    /// Their numbers, in the order of the file.
    private(set) var tensors: [Int] = []
    private(set) var aliases: [Int] = []

    /// - Complexity: O(names); reads the directory.
    init(_ pattern: NameGlob, in file: ModelFile) throws(FormatError) {
        self.file = file
        for index in 0..<file.tensorCount where pattern.matches(try file.tensor(at: index).name) {
            tensors.append(index)
        }
        for index in 0..<file.aliasCount where pattern.matches(try file.alias(at: index).name) { aliases.append(index) }
    }

    var isEmpty: Bool { tensors.isEmpty && aliases.isEmpty }

    /// Bytes of the tensors when decoded, and as stored.
    func totals() throws(FormatError) -> (tensorBytes: UInt64, storedBytes: UInt64) {
        var totals: (tensorBytes: UInt64, storedBytes: UInt64) = (0, 0)
        for index in tensors {
            let tensor = try file.tensor(at: index)
            totals.tensorBytes = totals.tensorBytes.addingClamped(tensor.byteCount)
            for part in try file.parts(of: tensor) {
                totals.storedBytes = totals.storedBytes.addingClamped(part.record.storedLength)
            }
        }
        return totals
    }

    func json(pattern: String) throws(FormatError) -> JSONValue {
        let dump = FileDump(file)
        let totals = try totals()
        var found: [JSONValue] = []
        for index in tensors { found.append(try dump.tensor(index)) }
        var names: [JSONValue] = []
        for index in aliases { names.append(try dump.alias(index)) }
        return [
            "pattern": .string(pattern), "tensor_count": .integer(Int64(tensors.count)),
            "tensor_bytes": .bytes(totals.tensorBytes), "stored_bytes": .bytes(totals.storedBytes),
            "tensors": .array(found), "aliases": .array(names),
        ]
    }
}
