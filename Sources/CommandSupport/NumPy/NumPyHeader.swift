package import MoEFormat

/// The header of a NumPy file: NEP 1, version 1.0.
package enum NumPyHeader {
    /// The bytes before the elements: magic, version, and a dictionary padded to a multiple of 64.
    package static func bytes(dtype: Dtype, shape: [Int]) -> [UInt8] {
        let dimensions =
            shape.count == 1 ? "(\(shape[0]),)" : "(" + shape.map(String.init).joined(separator: ", ") + ")"
        var text = Array("{'descr': '\(descriptor(of: dtype))', 'fortran_order': False, 'shape': \(dimensions), }".utf8)
        // Ten bytes of magic, version and length stand before; a newline ends it.
        let padding = (64 - (10 + text.count + 1) % 64) % 64
        text += [UInt8](repeating: 0x20, count: padding) + [0x0A]
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }

    private static func descriptor(of dtype: Dtype) -> String {
        switch dtype {
        case .bool: "|b1"
        case .u8, .f8E4M3, .f8E5M2, .f8E8M0: "|u1"
        case .i8: "|i1"
        case .u16, .bf16: "<u2"
        case .i16: "<i2"
        case .u32: "<u4"
        case .i32: "<i4"
        case .u64: "<u8"
        case .i64: "<i8"
        case .f16: "<f2"
        case .f32: "<f4"
        case .f64: "<f8"
        case .opaque(let bytes): "|V\(bytes)"
        case .unknown: "|V1"
        }
    }
}
