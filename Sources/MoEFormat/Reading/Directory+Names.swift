extension Directory {
    /// What a name leads to.
    enum Named: Equatable {
        case tensor(Int)
        case alias(Int)
    }

    /// A name or path of the names section.
    ///
    /// - Throws: `FormatError` by R30.
    func name(at offset: UInt64, length: UInt32) throws(FormatError) -> String {
        guard length >= 1, length <= UInt32(Limits.nameBytes) else {
            throw .broken(.name, "a name has \(length) bytes; 1 to \(Limits.nameBytes) are allowed")
        }
        var reader = try bytes(of: .names, at: offset, count: Int(length), rule: .name)
        let place = reader.offset
        guard let name = String(validating: try reader.bytes(Int(length)), as: UTF8.self) else {
            throw .broken(.name, at: place, "a name is not UTF-8")
        }
        return name
    }

    /// Looks a name up in the index; examines the whole run of equal hashes.
    ///
    /// - Throws: `FormatError` by R31 or R32.
    func find(_ name: String) throws(FormatError) -> Named? {
        guard count(.nameIndex) == count(.tensors) + count(.aliases) else {
            throw .broken(
                .nameIndex,
                "the name index has \(count(.nameIndex)) entries for \(count(.tensors) + count(.aliases)) names")
        }
        let hash = XXH3.hash64(ofName: name)
        var found: Named?
        var index = try firstIndex(notBelow: hash)
        while index < count(.nameIndex) {
            let entry = try indexEntry(index)
            guard entry.hash == hash else { break }
            // Bytes are compared: strings are equal that differ only in how Unicode composes their characters.
            let candidate = try self.name(of: entry)
            guard Integrity.matches(hash, XXH3.hash64(ofName: candidate)) else {
                throw .broken(.nameIndex, "entry \(index) of the name index has not its name's hash")
            }
            if candidate.utf8.elementsEqual(name.utf8) {
                guard found == nil else {
                    throw .broken(.uniqueName, "two tensors are named \(JSONValue.string(name).text)")
                }
                found = entry.kind == 0 ? .tensor(Int(entry.id)) : .alias(Int(entry.id))
            }
            index += 1
        }
        return found
    }

    func indexEntry(_ index: Int) throws(FormatError) -> NameIndexRecord {
        var reader = try record(.nameIndex, index, rule: .nameIndex)
        let offset = reader.offset
        let entry = try NameIndexRecord(&reader)
        guard entry.kind <= 1, Int(entry.id) < count(entry.kind == 0 ? .tensors : .aliases) else {
            throw .broken(.nameIndex, at: offset, "entry \(index) of the name index leads nowhere")
        }
        return entry
    }

    /// The name of the tensor or alias that an index entry leads to.
    func name(of entry: NameIndexRecord) throws(FormatError) -> String {
        if entry.kind == 0 {
            var reader = try record(.tensors, Int(entry.id), rule: .nameIndex)
            let tensor = try TensorRecord(&reader)
            return try name(at: tensor.nameOffset, length: tensor.nameLength)
        }
        var reader = try record(.aliases, Int(entry.id), rule: .nameIndex)
        let alias = try AliasRecord(&reader)
        return try name(at: alias.nameOffset, length: alias.nameLength)
    }

    /// The first index entry whose hash is not below `hash`.
    ///
    /// Hashes are spread evenly, so a guess by proportion lands within a page or two; halving in between keeps the number
    /// of steps logarithmic whatever the file holds.
    private func firstIndex(notBelow hash: UInt64) throws(FormatError) -> Int {
        var low = 0
        var high = count(.nameIndex)
        var lowHash: UInt64 = 0
        var highHash = UInt64.max
        var guesses = true
        while low < high {
            let span = high - low
            var middle = low + span / 2
            if guesses, highHash > lowHash {
                let share = Double(hash - lowHash) / Double(highHash - lowHash)
                middle = low + min(span - 1, max(0, Int(share * Double(span))))
            }
            guesses.toggle()
            let found = try indexEntry(middle).hash
            if found < hash {
                low = middle + 1
                lowHash = max(lowHash, found)
            } else {
                high = middle
                highHash = max(hash, min(highHash, found))
            }
        }
        return low
    }
}
