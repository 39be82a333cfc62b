/// What only export and inspection read: where the tensors came from, beyond their values. SPEC.md §10.
public enum SourceSection: Equatable, Sendable {
    case hdf5(HDF5Origin)
    case safetensors(SafetensorsOrigin)
    /// A kind of a later version: carried along, not read.
    case unknown(UInt32)

    package init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ByteReader(bytes, rule: .source)
        let kind = try reader.u32()
        let version = try reader.u32()
        guard version == 1 || version == 2 && kind == 1 else {
            self = .unknown(kind)
            return
        }
        switch kind {
        case 1: self = .hdf5(try HDF5Origin(&reader, version: version))
        case 2: self = .safetensors(try SafetensorsOrigin(&reader))
        default:
            self = .unknown(kind)
            return
        }
        guard reader.remaining == 0 else {
            throw .broken(.source, "\(reader.remaining) bytes stand behind the source section's content")
        }
    }

    package var encoded: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .hdf5(let origin):
            writer.put(UInt32(1))
            writer.put(UInt32(origin.addresses.isEmpty ? 1 : 2))
            origin.encode(into: &writer)
        case .safetensors(let origin):
            writer.put(UInt32(2))
            writer.put(UInt32(1))
            origin.encode(into: &writer)
        case .unknown(let kind):
            writer.put(kind)
            writer.put(UInt32(1))
        }
        return writer.bytes
    }
}

extension ByteReader {
    /// A `u32` count of records that have at least so many bytes each, bounded by the bytes left.
    mutating func count(leastSize: Int) throws(FormatError) -> Int {
        let place = offset
        let count = try u32()
        guard Int(count) <= remaining / leastSize else {
            throw .broken(.source, at: place, "\(count) records in \(remaining) bytes")
        }
        return Int(count)
    }

    /// A byte string: a `u32` length and the bytes.
    mutating func sizedBytes() throws(FormatError) -> [UInt8] {
        let length = try u32()
        return Array(try bytes(Int(length)))
    }
}

extension ByteWriter {
    mutating func putSized(_ bytes: [UInt8]) {
        put(UInt32(bytes.count))
        put(bytes)
    }
}
