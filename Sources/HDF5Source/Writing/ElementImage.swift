import CHDF5

/// Elements as the library wants them in memory: pointers where they are of variable length, addresses of the new file where
/// they are references.
///
/// Owns what its pointers lead to; used by one thread.
@safe
final class ElementImage {
    private let type: HDF5Datatype
    private let limits: HDF5Limits
    /// The new address for an old one; nil when it is unknown.
    private let relocate: (UInt64) -> UInt64?
    private let memory: UnsafeMutableRawBufferPointer
    private var pieces: [UnsafeMutableRawBufferPointer] = unsafe []
    private var pieceBytes = 0

    /// - Parameters:
    ///   - type: as the library lays it out in memory.
    ///   - elements: serialised as `HDF5Attribute.value` tells when the type has variable-length parts, otherwise raw.
    /// - Throws: `HDF5Error`: `damaged` when they are not `count` elements, `limit` when they take too much memory.
    init(
        _ elements: [UInt8], count: UInt64, type: HDF5Datatype, limits: HDF5Limits,
        relocate: @escaping (UInt64) -> UInt64?
    ) throws(HDF5Error) {
        let (bytes, overflow) = count.multipliedReportingOverflow(by: UInt64(type.size))
        guard !overflow, bytes <= UInt64(limits.answerBytes), let byteCount = Int(exactly: bytes), type.size > 0 else {
            throw .limit("\(count) elements of \(type.size) bytes exceed the limit of \(limits.answerBytes) bytes")
        }
        self.type = type
        self.limits = limits
        self.relocate = relocate
        unsafe memory = .allocate(byteCount: max(byteCount, 1), alignment: 16)
        _ = unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        var reader = MessageReader(elements)
        for index in 0..<(byteCount / type.size) {
            try unsafe place(&reader, type, at: rebased(memory, index * type.size, type.size))
        }
        guard reader.remaining == 0 else { throw .damaged("\(reader.remaining) bytes stand behind \(count) elements") }
    }

    deinit {
        unsafe pieces.forEach { unsafe $0.deallocate() }
        unsafe memory.deallocate()
    }

    /// Calls `body` with the first element; what it leads to lives as long as the image.
    func withElements<Result>(_ body: (UnsafeRawPointer?) throws(HDF5Error) -> Result) throws(HDF5Error) -> Result {
        try unsafe body(UnsafeRawPointer(memory.baseAddress))
    }

    private func place(
        _ reader: inout MessageReader, _ type: HDF5Datatype, at room: UnsafeMutableRawBufferPointer
    ) throws(HDF5Error) {
        guard type.containsVariableLength else {
            unsafe room.copyBytes(from: try reader.take(type.size))
            if type.containsReference { unsafe translate(type, in: room) }
            return
        }
        switch type.kind {
        case .string:
            let count = try reader.u32()
            let text = try reader.take(count)
            guard !text.contains(0) else { throw .damaged("a variable-length string holds a NUL") }
            let copy = unsafe try allocate(count + 1)
            unsafe copy.copyBytes(from: text)
            unsafe room.storeBytes(of: UnsafeRawPointer(copy.baseAddress), as: UnsafeRawPointer?.self)
        case .variableLength(let inner):
            let count = try reader.u32()
            let (bytes, overflow) = count.multipliedReportingOverflow(by: inner.size)
            guard !overflow else { throw .damaged("a sequence of \(count) elements") }
            var sequence = unsafe hvl_t()
            if count > 0 {
                // Each element is at least one byte, so a count from nowhere ends at the next look.
                guard count <= reader.remaining else {
                    throw .damaged("a sequence of \(count) elements in \(reader.remaining) bytes")
                }
                let copy = unsafe try allocate(bytes)
                for index in 0..<count {
                    try unsafe place(&reader, inner, at: rebased(copy, index * inner.size, inner.size))
                }
                unsafe sequence = hvl_t(len: count, p: copy.baseAddress)
            }
            unsafe room.storeBytes(of: sequence, as: hvl_t.self)
        case .array(let inner, _):
            for index in 0..<(type.size / max(inner.size, 1)) {
                try unsafe place(&reader, inner, at: rebased(room, index * inner.size, inner.size))
            }
        case .compound(let members):
            for member in members {
                try unsafe place(&reader, member.type, at: rebased(room, member.offset, member.type.size))
            }
        default:
            throw .damaged("a datatype has variable-length parts where none can be")
        }
    }

    /// Turns the references of a fixed-size element; what they led to is found under its new address, what is unknown becomes
    /// the null reference.
    private func translate(_ type: HDF5Datatype, in room: UnsafeMutableRawBufferPointer) {
        switch type.kind {
        case .reference(.object):
            var old: UInt64 = 0
            for index in (0..<min(8, room.count)).reversed() { old = old << 8 | UInt64(unsafe room[index]) }
            let new = old == 0 ? 0 : relocate(old) ?? 0
            for index in 0..<min(8, room.count) {
                unsafe room[index] = UInt8(truncatingIfNeeded: new >> UInt64(8 * index))
            }
        case .reference:
            _ = unsafe room.initializeMemory(as: UInt8.self, repeating: 0)
        case .array(let inner, _):
            for index in 0..<(type.size / max(inner.size, 1)) {
                unsafe translate(inner, in: rebased(room, index * inner.size, inner.size))
            }
        case .compound(let members):
            for member in members { unsafe translate(member.type, in: rebased(room, member.offset, member.type.size)) }
        default: break
        }
    }

    private func allocate(_ count: Int) throws(HDF5Error) -> UnsafeMutableRawBufferPointer {
        pieceBytes += count
        guard pieceBytes <= limits.answerBytes else {
            throw .limit("variable-length values exceed the limit of \(limits.answerBytes) bytes")
        }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 16)
        _ = unsafe piece.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe pieces.append(piece)
        return unsafe piece
    }

    /// A part of a room: a validated type's members, and the elements counted above, lie inside.
    private func rebased(
        _ room: UnsafeMutableRawBufferPointer, _ start: Int, _ count: Int
    ) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: room[start..<start + count])
    }
}
