import Foundation

@testable import MoEFormat

/// Gives a damaged file hashes that fit its bytes again, as far as its structure can be followed.
///
/// A fuzzer's build takes every hash for right; what it found reaches the same place here only with hashes that are.
enum HashRepair {
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        guard bytes.count >= 128 else { return bytes }
        repairTables(&bytes)
        repairPages(&bytes)
        repairEnvelope(&bytes)
        return bytes
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

    private static func repairTables(_ bytes: inout [UInt8]) {
        guard let blocks = section(1, bytes), blocks.stride >= 64, blocks.length <= UInt64(bytes.count) else { return }
        for record in stride(from: blocks.offset, to: blocks.offset &+ blocks.length, by: Int(blocks.stride)) {
            guard let offset = load(bytes, record, 8), let place = load(bytes, record +? 16 ?? .max, 8),
                let count = load(bytes, record + 32, 4),
                let table = offset +? place, count <= UInt64(bytes.count) / 24
            else { continue }
            for index in 0..<count {
                guard let entry = table +? 24 * index, let chunk = load(bytes, entry, 8),
                    let length = load(bytes, entry +? 16 ?? .max, 4),
                    let start = offset +? chunk, let hash = hash(bytes, start, length)
                else { continue }
                store(hash, in: &bytes, at: entry + 8)
            }
            if let hash = hash(bytes, table, 24 * count) { store(hash, in: &bytes, at: record + 24) }
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
