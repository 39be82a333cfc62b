package import MoEFormat
internal import MoESystem

/// The decoded elements of one part, still in the dtype they are stored in.
///
/// The bytes are borrowed, or owned together with everyone else who holds the value's `owner`.
@safe package struct StoredElements: @unchecked Sendable {
    // Sendable because the bytes are only read, and by the promise of `init(bytes:…)` nobody writes them meanwhile.
    let bytes: UnsafeRawBufferPointer
    package let dtype: Dtype
    package let count: Int
    /// Keeps the bytes in place while any copy of this value lives; nil when the maker does so itself.
    private let owner: (any AnyObject & Sendable)?

    /// Borrows bytes: `count` elements of `dtype`, little-endian, in C order; no alignment is needed.
    ///
    /// The caller promises that they stay in place, unchanged, as long as `owner` or, without one, this value lives.
    @unsafe package init(
        bytes: UnsafeRawBufferPointer, dtype: Dtype, count: Int, owner: (any AnyObject & Sendable)? = nil
    ) {
        unsafe self.bytes = bytes
        self.dtype = dtype
        self.count = count
        self.owner = owner
    }

    /// The mapping that the bytes lie in, when they do: they may then only be read under its guard.
    var region: MappedRegion? { owner as? MappedRegion }

    /// Copies bytes into memory that the value owns.
    package init(copying bytes: [UInt8], dtype: Dtype, count: Int) {
        let storage = Storage(bytes)
        // The storage is the owner, and nothing writes to it after its initialiser.
        unsafe self.init(bytes: UnsafeRawBufferPointer(storage.bytes), dtype: dtype, count: count, owner: storage)
    }

    /// The same elements in memory that the value owns.
    func copied() -> StoredElements { StoredElements(copying: byteArray, dtype: dtype, count: count) }

    /// A copy of the bytes.
    var byteArray: [UInt8] { unsafe Array(bytes) }

    /// The same elements in memory that the value owns, read under the mapping's guard; nil when they cannot be read.
    func copiedFromMapping() -> StoredElements? {
        guard let region else { return self }
        var copy = [UInt8](repeating: 0, count: byteCount)
        let isRead = unsafe copy.withUnsafeMutableBytes { target in
            // The elements lie inside the region that owns them.
            guard let own = unsafe bytes.baseAddress, let base = unsafe region.bytes.baseAddress else { return true }
            let start = unsafe own - base
            return unsafe region.copy(start..<start + target.count, to: target)
        }
        return isRead ? StoredElements(copying: copy, dtype: dtype, count: count) : nil
    }

    /// Calls `body` with the bytes, valid for the call only. Not for bytes of a mapping, which need its guard.
    func withBytes<Result, Failure>(_ body: (RawSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        // The span ends with the call, and the bytes stay in place as long as this value lives.
        defer { withExtendedLifetime(self) {} }
        return try unsafe body(bytes.bytes)
    }

    /// The elements as `Float`; nil for dtypes that are not floating-point numbers of 16, 32 or 64 bits. F64 is rounded.
    var floats: [Float]? {
        guard dtype.isFloat, let type = ElementType(dtype, scheme: nil), type.bitCount >= 16 else { return nil }
        var values = [Float](repeating: 0, count: count)
        expand(type, from: 0, count: count, into: &values)
        return values
    }

    var byteCount: Int { unsafe bytes.count }

    /// Whether there are as many bytes as the count needs.
    var isComplete: Bool {
        guard let size = dtype.byteCount, count >= 0 else { return false }
        let (needed, overflow) = count.multipliedReportingOverflow(by: size)
        return unsafe !overflow && bytes.count >= needed
    }

    @safe private final class Storage: @unchecked Sendable {
        // Sendable because the bytes never change after the initialiser.
        let bytes: UnsafeMutableRawBufferPointer

        init(_ source: [UInt8]) {
            unsafe bytes = .allocate(byteCount: source.count, alignment: 64)
            unsafe bytes.copyBytes(from: source)
        }

        deinit { unsafe bytes.deallocate() }
    }
}
