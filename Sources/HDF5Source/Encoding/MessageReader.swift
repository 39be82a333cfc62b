/// A cursor over an encoded datatype or dataspace: little-endian, every read inside the bytes.
struct MessageReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var remaining: Int { bytes.count - position }

    mutating func take(_ count: Int) throws(HDF5Error) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw .damaged("it ends after \(bytes.count) bytes, where more must follow")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    mutating func byte() throws(HDF5Error) -> UInt8 { try take(1).first ?? 0 }

    /// An unsigned number of 1 to 8 bytes.
    mutating func number(_ count: Int) throws(HDF5Error) -> UInt64 {
        guard (1...8).contains(count) else { throw .damaged("a number of \(count) bytes") }
        return try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func u16() throws(HDF5Error) -> Int { Int(try number(2)) }

    mutating func u32() throws(HDF5Error) -> Int { Int(try number(4)) }

    /// A NUL-terminated name; `padding` rounds its length with the NUL up to a multiple.
    mutating func name(paddedTo padding: Int) throws(HDF5Error) -> HDF5Name {
        guard let end = bytes[position...].firstIndex(of: 0) else { throw .damaged("a name in it does not end") }
        let name = HDF5Name(Array(bytes[position..<end]))
        let length = end + 1 - position
        _ = try take((length + padding - 1) / padding * padding)
        return name
    }
}
