import Foundation

@testable import MoEFormat

/// Gives a damaged file hashes that fit its bytes again, as far as its structure can be followed.
///
/// A fuzzer's build takes every hash for right; what it found reaches the same place here only with hashes that are.
enum HashRepair {
    static func repaired(_ bytes: [UInt8]) -> [UInt8] { repaired([bytes])[0] }

    /// The files of a set, the head first; or one file.
    static func repaired(_ files: [[UInt8]]) -> [[UInt8]] {
        var files = files
        guard files[0].count >= 128 else { return files }
        repairTables(&files)
        repairIdentity(&files)
        for number in files.indices where files[number].count >= 128 {
            repairPages(&files[number])
            repairEnvelope(&files[number])
        }
        return files
    }

    private static func load(_ bytes: [UInt8], _ offset: UInt64, _ width: Int) -> UInt64? {
        guard let end = offset +? UInt64(width), end <= UInt64(bytes.count) else { return nil }
        return (0..<width).reduce(0) { $0 | UInt64(bytes[Int(offset) + $1]) << UInt64(8 * $1) }
    }

    private static func store(_ value: UInt64, in bytes: inout [UInt8], at offset: UInt64) {
        guard offset +? 8 ?? .max <= UInt64(bytes.count) else { return }
        for index in 0..<8 { bytes[Int(offset) + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    private static func hash(_ bytes: [UInt8], _ offset: UInt64, _ length: UInt64) -> UInt64? {
        guard let end = offset +? length, end <= UInt64(bytes.count) else { return nil }
        return XXH3.hash64(Array(bytes[Int(offset)..<Int(end)]))
    }

    /// Offsets of the section table's entries.
    private static func entries(_ bytes: [UInt8]) -> [UInt64] {
        let footer = UInt64(bytes.count) - 64
        guard let start = load(bytes, footer + 8, 8), let count = load(bytes, footer + 16, 4), count <= 64 else {
            return []
        }
        return (0..<count).compactMap { start +? 48 * $0 }
    }

    private static func section(_ kind: UInt64, _ bytes: [UInt8]) -> (
        entry: UInt64, offset: UInt64, length: UInt64, stride: UInt64
    )? {
        for entry in entries(bytes) where load(bytes, entry, 4) == kind {
            guard let offset = load(bytes, entry + 8, 8), let length = load(bytes, entry + 16, 8),
                let stride = load(bytes, entry + 24, 4)
            else { return nil }
            return (entry, offset, length, stride)
        }
        return nil
    }

    /// The hashes of chunks, and those of the tables that hold them; tables lie in the file that their block's record names.
    private static func repairTables(_ files: inout [[UInt8]]) {
        guard let blocks = section(1, files[0]), blocks.stride >= 64, blocks.length <= UInt64(files[0].count) else {
            return
        }
        for record in stride(from: blocks.offset, to: blocks.offset &+ blocks.length, by: Int(blocks.stride)) {
            guard let offset = load(files[0], record, 8), let place = load(files[0], record +? 16 ?? .max, 8),
                let count = load(files[0], record + 32, 4), let number = load(files[0], record + 52, 2).map(Int.init),
                number < files.count, let table = offset +? place, count <= UInt64(files[number].count) / 24
            else { continue }
            for index in 0..<count {
                guard let entry = table +? 24 * index, let chunk = load(files[number], entry, 8),
                    let length = load(files[number], entry +? 16 ?? .max, 4),
                    let start = offset +? chunk, let hash = hash(files[number], start, length)
                else { continue }
                store(hash, in: &files[number], at: entry + 8)
            }
            if let hash = hash(files[number], table, 24 * count) { store(hash, in: &files[0], at: record + 24) }
        }
    }

    /// What all files of a set call it, where the damaged ones agreed on a name.
    private static func repairIdentity(_ files: inout [[UInt8]]) {
        guard let records = section(15, files[0]), records.length >= 40 else { return }
        let identity = SetIdentity()
        for kind in SetIdentity.kinds {
            guard let section = section(UInt64(kind.rawValue), files[0]), let end = section.offset +? section.length,
                end <= UInt64(files[0].count)
            else { continue }
            identity.add(Array(files[0][Int(section.offset)..<Int(end)]))
        }
        let old = (load(files[0], records.offset, 8), load(files[0], records.offset +? 8 ?? .max, 8))
        for number in files.indices where files[number].count >= 128 {
            guard let own = section(15, files[number]), own.length <= UInt64(files[number].count) else { continue }
            for record in stride(from: own.offset, to: own.offset &+ own.length, by: 40) {
                guard let high = record +? 8, (load(files[number], record, 8), load(files[number], high, 8)) == old
                else {
                    continue
                }
                store(identity.value.low, in: &files[number], at: record)
                store(identity.value.high, in: &files[number], at: high)
            }
        }
    }

    private static func repairPages(_ bytes: inout [UInt8]) {
        let footer = UInt64(bytes.count) - 64
        guard let start = load(bytes, footer + 24, 8), let length = load(bytes, footer + 32, 8),
            length <= UInt64(bytes.count)
        else { return }
        if let pages = section(11, bytes), pages.stride >= 8 {
            for (index, page) in stride(from: UInt64(0), to: length, by: Limits.pageBytes).enumerated() {
                guard let offset = start +? page,
                    let hash = hash(bytes, offset, min(UInt64(Limits.pageBytes), length - page)),
                    let record = pages.offset +? UInt64(index) * pages.stride
                else { continue }
                store(hash, in: &bytes, at: record)
            }
        }
        for kind in [11, 12] as [UInt64] {
            guard let section = section(kind, bytes), let hash = hash(bytes, section.offset, section.length) else {
                continue
            }
            store(hash, in: &bytes, at: section.entry + 40)
        }
    }

    private static func repairEnvelope(_ bytes: inout [UInt8]) {
        let footer = bytes.count - 64
        guard let table = load(bytes, UInt64(footer) + 8, 8), table <= UInt64(footer) else { return }
        let hashed = Array(bytes[0..<64]) + Array(bytes[Int(table)..<footer]) + Array(bytes[footer..<footer + 48])
        store(XXH3.hash64(hashed), in: &bytes, at: UInt64(footer) + 48)
    }
}
