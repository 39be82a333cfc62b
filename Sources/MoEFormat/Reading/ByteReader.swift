/// A cursor over bytes of the file: the only place where raw bytes become integers.
///
/// Every read is checked against the bytes left. A read past the end throws the rule that the caller gave, since what
/// "too short" means depends on the structure being read.
package struct ByteReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// The file offset of `bytes[0]`.
    private let base: UInt64
    private let rule: Rule

    /// - Parameter range: what to read of `bytes`; clamped to it.
    package init(_ bytes: [UInt8], range: Range<Int>? = nil, base: UInt64 = 0, rule: Rule) {
        let range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
        self.bytes = bytes
        self.position = range.lowerBound
        self.end = range.upperBound
        self.base = base
        self.rule = rule
    }

    /// The file offset of the next byte.
    package var offset: UInt64 { base &+ UInt64(position) }

    package var remaining: Int { end - position }

    package mutating func u8() throws(FormatError) -> UInt8 { try integer() }
    package mutating func u16() throws(FormatError) -> UInt16 { try integer() }
    package mutating func u32() throws(FormatError) -> UInt32 { try integer() }
    package mutating func u64() throws(FormatError) -> UInt64 { try integer() }
    package mutating func i32() throws(FormatError) -> Int32 { Int32(bitPattern: try integer()) }
    package mutating func i64() throws(FormatError) -> Int64 { Int64(bitPattern: try integer()) }

    private mutating func integer<I: FixedWidthInteger & UnsignedInteger>() throws(FormatError) -> I {
        let size = MemoryLayout<I>.size
        guard remaining >= size else { throw tooShort(size) }
        // position + size ≤ end ≤ bytes.count, checked just above and in the initialiser.
        let value = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: position, as: I.self) }
        position += size
        return I(littleEndian: value)
    }

    package mutating func bytes(_ count: Int) throws(FormatError) -> ArraySlice<UInt8> {
        guard count >= 0, remaining >= count else { throw tooShort(count) }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// Skips a critical-reserved field.
    package mutating func zeros(_ count: Int, rule: Rule) throws(FormatError) {
        let start = offset
        guard try bytes(count).allSatisfy({ $0 == 0 }) else {
            throw .broken(rule, at: start, "\(count) reserved bytes are not zero")
        }
    }

    package mutating func skip(_ count: Int) throws(FormatError) {
        guard count >= 0, remaining >= count else { throw tooShort(count) }
        position += count
    }

    private func tooShort(_ wanted: Int) -> FormatError {
        .broken(rule, at: offset, "\(wanted) bytes are expected, \(remaining) are left")
    }
}
