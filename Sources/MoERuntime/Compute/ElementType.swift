internal import MoEFormat

/// What the elements of a weight are, once dtype and quantisation scheme are put together.
enum ElementType: Sendable {
    case f32, bf16, f16, f64
    case f8E4M3, f8E5M2
    /// Two E2M1 codes a byte.
    case f4LowFirst, f4HighFirst
    case i8, u8

    /// The type of a part's elements, or nil when the dtype is no weight or does not fit the scheme.
    init?(_ dtype: Dtype, scheme: QuantizationScheme?) {
        let isByte = dtype.byteCount == 1
        switch (scheme?.element, dtype) {
        case (nil, .f32): self = .f32
        case (nil, .bf16): self = .bf16
        case (nil, .f16): self = .f16
        case (nil, .f64): self = .f64
        case (nil, .f8E4M3): self = .f8E4M3
        case (nil, .f8E5M2): self = .f8E5M2
        case (.f8E4M3?, _) where isByte: self = .f8E4M3
        case (.f8E5M2?, _) where isByte: self = .f8E5M2
        case (.mxfp4?, _) where isByte: self = scheme?.nibbles == .highFirst ? .f4HighFirst : .f4LowFirst
        case (.i8?, _) where isByte: self = .i8
        case (.u8?, _) where isByte: self = .u8
        default: return nil
        }
    }

    var bitCount: Int {
        switch self {
        case .f64: 64
        case .f32: 32
        case .bf16, .f16: 16
        case .f8E4M3, .f8E5M2, .i8, .u8: 8
        case .f4LowFirst, .f4HighFirst: 4
        }
    }
}
