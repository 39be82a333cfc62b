import MoEFormat

/// A dtype of safetensors: its name, its bits, and what we store it as.
struct SafetensorsDtype: Equatable, Sendable {
    let name: String
    let bits: Int
    let dtype: Dtype
    /// The place in safetensors' own list: its writer puts tensors of later dtypes first.
    let rank: Int

    /// In the order of safetensors' own list.
    private static let table: [(String, Int, Dtype)] = [
        ("BOOL", 8, .bool), ("F4", 4, .u8), ("F6_E2M3", 6, .u8), ("F6_E3M2", 6, .u8), ("U8", 8, .u8), ("I8", 8, .i8),
        ("F8_E5M2", 8, .f8E5M2), ("F8_E4M3", 8, .f8E4M3), ("F8_E8M0", 8, .f8E8M0), ("F8_E4M3FNUZ", 8, .u8),
        ("F8_E5M2FNUZ", 8, .u8),
        ("I16", 16, .i16), ("U16", 16, .u16), ("F16", 16, .f16), ("BF16", 16, .bf16), ("I32", 32, .i32),
        ("U32", 32, .u32),
        ("F32", 32, .f32), ("C64", 64, .opaque(8)), ("F64", 64, .f64), ("I64", 64, .i64), ("U64", 64, .u64),
    ]

    private static let byName: [String: SafetensorsDtype] = {
        var byName: [String: SafetensorsDtype] = [:]
        for (rank, row) in table.enumerated() {
            byName[row.0] = SafetensorsDtype(name: row.0, bits: row.1, dtype: row.2, rank: rank)
        }
        return byName
    }()

    private init(name: String, bits: Int, dtype: Dtype, rank: Int) {
        self.name = name
        self.bits = bits
        self.dtype = dtype
        self.rank = rank
    }

    /// nil for a name that safetensors does not know.
    init?(_ name: String) {
        guard let found = Self.byName[name] else { return nil }
        self = found
    }

    /// The dtype that stores ours as it is; nil for opaque elements.
    init?(of dtype: Dtype) {
        guard let found = Self.byName[dtype.name] else { return nil }
        self = found
    }

    /// The bytes of so many elements; nil when they are no whole bytes or beyond 63 bits.
    func byteCount(of elements: Int) -> Int? {
        let (product, overflow) = elements.multipliedReportingOverflow(by: bits)
        guard !overflow, product % 8 == 0 else { return nil }
        return product / 8
    }

    /// The shape in which a tensor of this dtype is stored.
    func storedShape(_ shape: [Int]) -> [Int]? {
        guard bits < 8 else { return shape }
        guard let last = shape.last else { return nil }
        if let row = byteCount(of: last) { return shape.dropLast() + [row] }
        var elements = 1
        for extent in shape { elements = elements.multipliedReportingOverflow(by: extent).partialValue }
        return byteCount(of: elements).map { [$0] }
    }
}
