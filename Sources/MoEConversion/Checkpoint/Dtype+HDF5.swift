import HDF5Source
import MoEFormat

extension Dtype {
    /// The dtype of a dataset's elements once they are little-endian: SPEC.md §10.1.
    init(of object: HDF5Object, _ dataset: HDF5Dataset) {
        let type = dataset.type
        if type.isBoolean {
            self = .bool
            return
        }
        let tagged = object.attributes.lazy.compactMap(\.taggedDtype).first { $0.byteCount == type.size }
        switch type.kind {
        case .floatingPoint(let layout) where layout.order == .little || layout.order == .big:
            if layout.isInterchangeFormat(exponentBits: 5, mantissaBits: 10), type.size == 2 {
                self = .f16
            } else if layout.isInterchangeFormat(exponentBits: 8, mantissaBits: 23), type.size == 4 {
                self = .f32
            } else if layout.isInterchangeFormat(exponentBits: 11, mantissaBits: 52), type.size == 8 {
                self = .f64
            } else if layout.isInterchangeFormat(exponentBits: 8, mantissaBits: 7), type.size == 2 {
                self = .bf16
            } else {
                self = .opaque(type.size)
            }
        case .integer(let layout)
        where layout.precision == 8 * type.size && layout.bitOffset == 0 && layout.order != .vax:
            if let tagged {
                self = tagged
                return
            }
            switch (type.size, layout.isSigned) {
            case (1, false): self = .u8
            case (1, true): self = .i8
            case (2, false): self = .u16
            case (2, true): self = .i16
            case (4, false): self = .u32
            case (4, true): self = .i32
            case (8, false): self = .u64
            case (8, true): self = .i64
            default: self = .opaque(type.size)
            }
        case .opaque where tagged != nil:
            self = tagged ?? .opaque(type.size)
        default:
            self = .opaque(type.size)
        }
    }
}

extension Dtype {
    /// The word for a dtype that HDF5's own types do not say, as ml_dtypes and Keras call it.
    var tagName: String? {
        switch self {
        case .bf16: "bfloat16"
        case .f8E4M3: "float8_e4m3fn"
        case .f8E5M2: "float8_e5m2"
        case .f8E8M0: "float8_e8m0fnu"
        default: nil
        }
    }

    fileprivate static let tagged: [Dtype] = [.bf16, .f8E4M3, .f8E5M2, .f8E8M0]
}

extension HDF5Attribute {
    /// What the attribute `dtype` says that Keras and others write for types that HDF5 does not have, whatever kind of string it is.
    fileprivate var taggedDtype: Dtype? {
        guard name.text == "dtype" else { return nil }
        var bytes = value[...]
        // A variable-length string is serialised: its length, then its bytes.
        if isSerialized { bytes = bytes.dropFirst(4) }
        while let last = bytes.last, last == 0 || last == UInt8(ascii: " ") { bytes = bytes.dropLast() }
        return Dtype.tagged.first { bytes.elementsEqual(($0.tagName ?? "").utf8) }
    }
}
