/// The exact values of the narrow float formats.
package enum NarrowFloat {
    @inlinable
    package static func bf16(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    @inlinable
    package static func f16(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 31
        let mantissa = UInt32(bits & 0x3ff)
        switch exponent {
        case 0: return Float(bitPattern: sign | (Float(mantissa) * 0x1p-24).bitPattern)
        case 31: return Float(bitPattern: sign | 0x7f80_0000 | mantissa << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | mantissa << 13)
        }
    }

    /// OCP E4M3 "fn": bias 7, no infinities.
    @inlinable
    package static func e4m3(_ bits: UInt8) -> Float {
        let sign = UInt32(bits & 0x80) << 24
        let exponent = UInt32(bits >> 3) & 15
        let mantissa = UInt32(bits & 7)
        if bits & 0x7f == 0x7f { return .nan }
        if exponent == 0 { return Float(bitPattern: sign | (Float(mantissa) * 0x1p-9).bitPattern) }
        return Float(bitPattern: sign | (exponent + 120) << 23 | mantissa << 20)
    }

    /// OCP E5M2: the upper half of an f16.
    @inlinable
    package static func e5m2(_ bits: UInt8) -> Float { f16(UInt16(bits) << 8) }

    /// OCP E2M1: the low four bits of `code`.
    @inlinable
    package static func e2m1(_ code: UInt8) -> Float {
        let magnitudes: SIMD8<Float> = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
        let magnitude = magnitudes[Int(code & 7)]
        return code & 8 == 0 ? magnitude : -magnitude
    }

    /// OCP E8M0: 2^(bits − 127).
    @inlinable
    package static func e8m0(_ bits: UInt8) -> Float {
        switch bits {
        case 0: Float(bitPattern: 0x0040_0000)
        case 255: .nan
        default: Float(bitPattern: UInt32(bits) << 23)
        }
    }
}
