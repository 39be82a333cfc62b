/// Mutates `.moe` files so that most results keep their envelope: magic, lengths, and the closed end of the file.
///
/// Written from SPEC.md §3 to §6 and nothing of the library, like any other stranger's program.
public enum ModelFileMutator {
    private static let magic: [UInt8] = [0x89, 0x4D, 0x4F, 0x45, 0x0D, 0x0A, 0x1A, 0x0A]
    private static let endMagic: [UInt8] = magic.reversed().map { $0 }
    /// The widths of the fields of each kind of record, in order.
    private static let fields: [Int: [Int]] = [
        1: [8, 8, 8, 8, 4, 4, 4, 4, 4, 2, 1, 1, 8], 2: [8, 4, 4, 4, 4, 4, 4, 8, 8, 8, 4, 2, 2],
        3: [8, 8, 8, 4, 2, 1, 1, 4, 4, 4, 4, 8, 8], 4: [8, 4, 4],
        5: [8, 8, 8, 8, 4, 4, 4, 4, 4, 2, 2, 1, 1, 1, 1, 4], 6: [4], 7: [2, 2, 4], 8: [8], 9: [8, 4, 4],
        15: [8, 8, 8, 8, 2, 2, 4],
    ]

    public static func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
        var source = MutationSource(data, count, limit, seed: seed)
        let envelope = Envelope(source)
        for _ in 0...source.random(below: 3) {
            guard let envelope, source.random(below: 16) > 0 else {
                source.mutateAll()
                break
            }
            switch source.random(below: 10) {
            case 0: source.mutate(64..<max(64, envelope.directory.lowerBound))
            case 1: source.mutate(envelope.directory)
            case 2: source.mutate(envelope.table)
            case 3, 4:
                let change = source.mutateResizing(envelope.model)
                envelope.grown(by: change, in: &source)
                return close(&source)
            default: changeField(of: envelope, in: &source)
            }
        }
        return close(&source)
    }

    /// Gives one field of one record another value.
    private static func changeField(of envelope: Envelope, in source: inout MutationSource) {
        guard !envelope.sections.isEmpty else { return }
        let section = envelope.sections[source.random(below: envelope.sections.count)]
        guard let widths = fields[section.kind] else { return source.mutate(section.range) }
        let stride = widths.reduce(0, +)
        let records = section.range.count / stride
        guard records > 0 else { return }
        let record = section.range.lowerBound + source.random(below: records) * stride
        let field = source.random(below: widths.count)
        let offset = record + widths[..<field].reduce(0, +)
        // Another record's value is the likeliest to be plausible and wrong.
        let old = source.load(offset, width: widths[field])
        let other = section.range.lowerBound + source.random(below: records) * stride + offset - record
        let value =
            source.random(below: 3) == 0
            ? source.load(other, width: widths[field]) : source.interestingNumber(near: old)
        source.store(value, at: offset, width: widths[field])
    }

    private static func close(_ source: inout MutationSource) -> Int {
        guard source.count >= 128, source.random(below: 64) > 0 else { return source.count }
        for (index, byte) in magic.enumerated() { source.bytes[index] = byte }
        for (index, byte) in endMagic.enumerated() { source.bytes[source.count - 8 + index] = byte }
        source.store(1, at: 8, width: 2)
        source.store(64, at: 12, width: 4)
        for index in 16..<64 { source.bytes[index] = 0 }
        source.store(UInt64(source.count), at: source.count - 64, width: 8)
        source.store(0, at: source.count - 20, width: 4)
        if source.random(below: 16) > 0 { source.store(0, at: source.count - 64 + 20, width: 4) }
        return source.count
    }

    /// Where things lie in a file whose footer makes sense.
    private struct Envelope {
        var directory: Range<Int>
        var model: Range<Int>
        var table: Range<Int>
        var sections: [(kind: Int, range: Range<Int>)] = []

        init?(_ source: MutationSource) {
            let footer = source.count - 64
            guard footer >= 64 else { return nil }
            let tableStart = Int(truncatingIfNeeded: source.load(footer + 8, width: 8))
            let entries = Int(source.load(footer + 16, width: 4))
            let start = Int(truncatingIfNeeded: source.load(footer + 24, width: 8))
            let length = Int(truncatingIfNeeded: source.load(footer + 32, width: 8))
            guard entries <= 64, tableStart >= 64, tableStart <= footer, footer - tableStart == entries * 48,
                start >= 64, start <= tableStart,
                length >= 0, length <= tableStart - start
            else { return nil }
            directory = start..<start + length
            table = tableStart..<footer
            model = tableStart..<tableStart
            for entry in 0..<entries {
                let place = tableStart + entry * 48
                let kind = Int(source.load(place, width: 4))
                let offset = Int(truncatingIfNeeded: source.load(place + 8, width: 8))
                let count = Int(truncatingIfNeeded: source.load(place + 16, width: 8))
                guard offset >= 0, count >= 0, offset <= tableStart, count <= tableStart - offset else { continue }
                if kind == 12 {
                    model = offset..<offset + count
                } else {
                    sections.append((kind, offset..<offset + count))
                }
            }
        }

        /// The model became longer; what follows it has moved.
        func grown(by change: Int, in source: inout MutationSource) {
            let footer = source.count - 64
            source.store(UInt64(table.lowerBound + change), at: footer + 8, width: 8)
            for place in stride(from: table.lowerBound + change, to: footer, by: 48)
            where source.load(place, width: 4) == 12 {
                let length = UInt64(max(0, model.count + change))
                source.store(length, at: place + 16, width: 8)
                source.store(1, at: place + 24, width: 4)
                source.store(length, at: place + 32, width: 8)
            }
        }
    }
}
