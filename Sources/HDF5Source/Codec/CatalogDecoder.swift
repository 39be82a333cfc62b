/// Reads what `CatalogEncoder` wrote, from a writer that may have been taken over by the file it read.
///
/// Every count is held against a limit and against the bytes left before anything is reserved for it.
struct CatalogDecoder {
    let limits: HDF5Limits
    private let bytes: [UInt8]
    private var position = 0
    /// Datatypes being decoded around the present one, and their members so far.
    var datatypeDepth = 0
    var datatypeMembers = 0
    private var types = SharedTypes()

    init(_ bytes: [UInt8], limits: HDF5Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    var remaining: Int { bytes.count - position }

    static func malformed(_ what: String) -> HDF5Error {
        .damaged("the HDF5 worker's answer is malformed (\(what))")
    }

    mutating func byte(_ what: String) throws(HDF5Error) -> UInt8 {
        guard position < bytes.count else { throw Self.malformed("\(what) is missing") }
        defer { position += 1 }
        return bytes[position]
    }

    mutating func u64(_ what: String) throws(HDF5Error) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            let byte = try byte(what)
            let part = UInt64(byte & 0x7F)
            guard shift < 63 || part <= 1 else { break }
            value |= part << shift
            if byte & 0x80 == 0 { return value }
        }
        throw Self.malformed("\(what) exceeds 64 bits")
    }

    mutating func u32(_ what: String) throws(HDF5Error) -> UInt32 {
        guard let value = UInt32(exactly: try u64(what)) else { throw Self.malformed("\(what) exceeds 32 bits") }
        return value
    }

    mutating func int(_ what: String, atMost limit: Int) throws(HDF5Error) -> Int {
        guard let value = Int(exactly: try u64(what)), value <= limit else {
            throw HDF5Error.limit("\(what) exceeds the limit of \(limit)")
        }
        return value
    }

    mutating func bool(_ what: String) throws(HDF5Error) -> Bool {
        switch try byte(what) {
        case 0: return false
        case 1: return true
        default: throw Self.malformed("\(what) is neither 0 nor 1")
        }
    }

    /// A value of an enumeration that is coded as one byte.
    mutating func value<Value: RawRepresentable>(_ what: String, as _: Value.Type = Value.self) throws(HDF5Error)
        -> Value
    where Value.RawValue == UInt8 {
        guard let value = Value(rawValue: try byte(what)) else { throw Self.malformed("\(what) is unknown") }
        return value
    }

    mutating func string(_ what: String, atMost limit: Int) throws(HDF5Error) -> [UInt8] {
        let count = try int("\(what) length", atMost: limit)
        guard count <= remaining else { throw Self.malformed("\(what) is cut off") }
        defer { position += count }
        return Array(bytes[position..<(position + count)])
    }

    mutating func name(_ what: String) throws(HDF5Error) -> HDF5Name {
        HDF5Name(try string(what, atMost: limits.nameBytes))
    }

    /// A list whose elements take at least one byte each.
    mutating func list<Element>(
        _ what: String, atMost limit: Int,
        _ element: (inout CatalogDecoder) throws(HDF5Error) -> Element
    ) throws(HDF5Error) -> [Element] {
        let count = try int("\(what) count", atMost: limit)
        guard count <= remaining else { throw Self.malformed("\(what) list is cut off") }
        var list: [Element] = []
        // Elements in memory can be far larger than one byte of input: let the array grow as they turn out to be there.
        list.reserveCapacity(min(count, 4096))
        for _ in 0..<count { list.append(try element(&self)) }
        return list
    }

    mutating func optional<Value>(
        _ what: String, _ value: (inout CatalogDecoder) throws(HDF5Error) -> Value
    ) throws(HDF5Error) -> Value? {
        guard try bool(what) else { return nil }
        return try value(&self)
    }

    mutating func datatype() throws(HDF5Error) -> HDF5EncodedDatatype {
        types.shared(try HDF5EncodedDatatype(from: &self))
    }

    mutating func dataspace() throws(HDF5Error) -> HDF5EncodedDataspace {
        types.shared(try HDF5EncodedDataspace(from: &self))
    }

    func finish() throws(HDF5Error) {
        guard remaining == 0 else { throw Self.malformed("\(remaining) bytes follow its end") }
    }
}
