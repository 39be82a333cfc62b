import CHDF5

/// Elements on their way out of the library: raw bytes, or serialised where they have variable-length parts.
struct HDF5Elements {
    let type: HDF5Datatype
    private let count: Int
    /// Bytes of the elements as the library lays them out.
    private let byteCount: Int
    private let limit: Int

    /// - Throws: `HDF5Error.limit` when the elements take more than `limit` bytes.
    init(type: HDF5Datatype, count: UInt64, limit: Int) throws(HDF5Error) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(type.size))
        guard !overflow, let byteCount = Int(exactly: bytes), byteCount <= limit, let count = Int(exactly: count) else {
            throw .limit("\(count) elements of \(type.size) bytes exceed the limit of \(limit) bytes")
        }
        self.type = type
        self.count = count
        self.byteCount = byteCount
        self.limit = limit
    }

    /// Lets `fill` write the elements, in the layout of `typeHandle`, and returns them.
    func read(
        type typeHandle: borrowing HDF5Handle, space: borrowing HDF5Handle,
        _ fill: (UnsafeMutableRawPointer) throws(HDF5Error) -> Void
    ) throws(HDF5Error) -> [UInt8] {
        guard byteCount > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        let typeID = typeHandle.id
        let spaceID = space.id
        return try unsafe bytes.withUnsafeMutableBufferPointer { buffer throws(HDF5Error) in
            guard let start = unsafe buffer.baseAddress.map(UnsafeMutableRawPointer.init) else { return [] }
            // `fill` writes count elements of the type's size, which is the size of the buffer.
            try unsafe fill(start)
            guard type.containsVariableLength else { return unsafe Array(buffer) }
            defer { _ = unsafe H5Dvlen_reclaim(typeID, spaceID, moe_h5_default_properties(), start) }
            var serialized: [UInt8] = []
            for index in 0..<count {
                try unsafe serialize(start + index * type.size, as: type, into: &serialized)
            }
            return serialized
        }
    }

    /// Appends one element, following the pointers that the library put in it.
    private func serialize(
        _ element: UnsafeRawPointer, as type: HDF5Datatype, into bytes: inout [UInt8]
    ) throws(HDF5Error) {
        guard type.containsVariableLength else {
            // An element of a type has the type's size.
            return try unsafe append(UnsafeRawBufferPointer(start: element, count: type.size), to: &bytes)
        }
        switch type.kind {
        case .string:
            let text = unsafe element.loadUnaligned(as: UnsafePointer<CChar>?.self)
            let string = unsafe HDF5Name(cString: text)?.bytes ?? []  // a null pointer is the empty string
            try appendCount(string.count, to: &bytes)
            try append(string, to: &bytes)
        case .variableLength(let inner):
            let sequence = unsafe element.loadUnaligned(as: hvl_t.self)
            guard let start = unsafe sequence.p else { return try appendCount(0, to: &bytes) }
            try appendCount(unsafe sequence.len, to: &bytes)
            for index in 0..<(unsafe sequence.len) {
                try unsafe serialize(UnsafeRawPointer(start) + index * inner.size, as: inner, into: &bytes)
            }
        case .array(let inner, _):
            for index in 0..<(type.size / max(inner.size, 1)) {
                try unsafe serialize(element + index * inner.size, as: inner, into: &bytes)
            }
        case .compound(let members):
            for member in members { try unsafe serialize(element + member.offset, as: member.type, into: &bytes) }
        default:
            throw .damaged("a datatype has variable-length parts where none can be")
        }
    }

    private func appendCount(_ count: Int, to bytes: inout [UInt8]) throws(HDF5Error) {
        guard let count = UInt32(exactly: count) else { throw .limit("a sequence has more than 2³² elements") }
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
    }

    private func append(_ part: some Collection<UInt8>, to bytes: inout [UInt8]) throws(HDF5Error) {
        guard part.count <= limit - min(bytes.count, limit) else {
            throw .limit("variable-length values exceed the limit of \(limit) bytes")
        }
        bytes.append(contentsOf: part)
    }
}
