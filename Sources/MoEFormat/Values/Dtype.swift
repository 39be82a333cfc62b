/// The type of a tensor's elements: SPEC.md §7.
public enum Dtype: Hashable, Sendable {
    case bool
    case u8, i8, u16, i16, u32, i32, u64, i64
    case f16, bf16, f32, f64
    case f8E4M3, f8E5M2, f8E8M0
    /// Elements of so many bytes whose meaning only the source's type tells.
    case opaque(Int)
    /// A code of a later version: can be listed and copied, not decoded.
    case unknown(UInt16)

    private static let table: [(Dtype, code: UInt16, name: String, bytes: Int)] = [
        (.bool, 1, "BOOL", 1), (.u8, 2, "U8", 1), (.i8, 3, "I8", 1), (.u16, 4, "U16", 2), (.i16, 5, "I16", 2),
        (.u32, 6, "U32", 4), (.i32, 7, "I32", 4), (.u64, 8, "U64", 8), (.i64, 9, "I64", 8), (.f16, 10, "F16", 2),
        (.bf16, 11, "BF16", 2), (.f32, 12, "F32", 4), (.f64, 13, "F64", 8), (.f8E4M3, 14, "F8_E4M3", 1),
        (.f8E5M2, 15, "F8_E5M2", 1), (.f8E8M0, 16, "F8_E8M0", 1),
    ]
    static let opaqueCode: UInt16 = 17

    /// The dtype of a code, with the record's `opaque_length`.
    init(code: UInt16, opaqueLength: Int) {
        if code == Self.opaqueCode {
            self = .opaque(opaqueLength)
        } else {
            self = Self.table.first { $0.code == code }?.0 ?? .unknown(code)
        }
    }

    /// The dtype that safetensors calls so, or nil.
    public init?(name: String) {
        guard let row = Self.table.first(where: { $0.name == name }) else { return nil }
        self = row.0
    }

    var code: UInt16 {
        switch self {
        case .opaque: Self.opaqueCode
        case .unknown(let code): code
        default: Self.table.first { $0.0 == self }?.code ?? 0
        }
    }

    /// The name as safetensors writes it; `OPAQUE(n)` for opaque elements.
    public var name: String {
        switch self {
        case .opaque(let bytes): "OPAQUE(\(bytes))"
        case .unknown(let code): "UNKNOWN(\(code))"
        default: Self.table.first { $0.0 == self }?.name ?? ""
        }
    }

    /// Bytes an element; nil for an unknown dtype.
    public var byteCount: Int? {
        switch self {
        case .opaque(let bytes): bytes
        case .unknown: nil
        default: Self.table.first { $0.0 == self }?.bytes
        }
    }

    /// Whether the elements are real numbers with an exponent of their own.
    public var isFloat: Bool {
        switch self {
        case .f16, .bf16, .f32, .f64, .f8E4M3, .f8E5M2: true
        default: false
        }
    }
}

extension Dtype: CustomStringConvertible {
    public var description: String { name }
}
