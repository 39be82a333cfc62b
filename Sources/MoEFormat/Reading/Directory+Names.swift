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
    /// Hashes are spread evenly, so a guess by proportion lands on the page or beside it. What a page that was read says is used
    /// up, from its first entry to its last, before another one is read; halving after each guess keeps the number of pages
    /// logarithmic whatever the file holds.
    private func firstIndex(notBelow hash: UInt64) throws(FormatError) -> Int {
        var range = HashRange(indices: 0..<count(.nameIndex))
        var guesses = true
        while !range.indices.isEmpty {
            let probed = guesses ? range.guess(hash) : range.middle
            guesses.toggle()
            let page = indices(onPageOf: probed, in: range.indices)
            range.narrow(to: hash, at: page.lowerBound, try indexEntry(page.lowerBound).hash)
            range.narrow(to: hash, at: page.upperBound - 1, try indexEntry(page.upperBound - 1).hash)
            while let index = range.middle(of: page) { range.narrow(to: hash, at: index, try indexEntry(index).hash) }
        }
        return range.indices.lowerBound
    }

    /// The entries of the name index around one, out of `indices`, that lie whole on its directory page.
    private func indices(onPageOf index: Int, in indices: Range<Int>) -> Range<Int> {
        guard let section = sections[.nameIndex] else { return index..<index + 1 }
        let stride = Int(section.stride)
        let start = Int(section.offset - blocksEnd)
        let page = (start + index * stride) / Limits.pageBytes
        let first = (max(0, page * Limits.pageBytes - start) + stride - 1) / stride
        let end = ((page + 1) * Limits.pageBytes - start) / stride
        // An entry that lies across two pages stands for itself.
        return (first..<max(first, end)).contains(index) ? (first..<end).clamped(to: indices) : index..<index + 1
    }
}

/// The entries among which the first one not below a hash is sought, and what is known of the hashes around them.
private struct HashRange {
    /// The entry sought is one of these, or the one behind them.
    var indices: Range<Int>
    /// No entry among them has a hash below this one.
    private var least: UInt64 = 0
    /// The hash of the entry behind them.
    private var greatest = UInt64.max

    init(indices: Range<Int>) { self.indices = indices }

    var middle: Int { indices.lowerBound + indices.count / 2 }

    /// Where the hash would stand if those between were spread evenly.
    func guess(_ hash: UInt64) -> Int {
        guard greatest > least, hash >= least else { return middle }
        let share = Double(hash - least) / Double(greatest - least)
        return indices.lowerBound + min(indices.count - 1, Int(share * Double(indices.count)))
    }

    /// The middle of what is left of some entries; nil when none is.
    func middle(of some: Range<Int>) -> Int? {
        let left = some.clamped(to: indices)
        return left.isEmpty ? nil : left.lowerBound + left.count / 2
    }

    /// Makes use of the hash that an entry has.
    mutating func narrow(to hash: UInt64, at index: Int, _ found: UInt64) {
        guard indices.contains(index) else { return }
        if found < hash {
            indices = index + 1..<indices.upperBound
            least = max(least, found)
        } else {
            indices = indices.lowerBound..<index
            greatest = found
        }
    }
}
