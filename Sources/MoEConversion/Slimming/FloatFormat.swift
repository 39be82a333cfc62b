/// A binary floating-point format of IEEE 754's kind.
protocol FloatFormat {
    associatedtype Bits: FixedWidthInteger & UnsignedInteger
    static var exponentBits: UInt64 { get }
    static var mantissaBits: UInt64 { get }
}

enum Binary16: FloatFormat {
    typealias Bits = UInt16
    static var exponentBits: UInt64 { 5 }
    static var mantissaBits: UInt64 { 10 }
}

enum BFloat16: FloatFormat {
    typealias Bits = UInt16
    static var exponentBits: UInt64 { 8 }
    static var mantissaBits: UInt64 { 7 }
}

enum Binary32: FloatFormat {
    typealias Bits = UInt32
    static var exponentBits: UInt64 { 8 }
    static var mantissaBits: UInt64 { 23 }
}

enum Binary64: FloatFormat {
    typealias Bits = UInt64
    static var exponentBits: UInt64 { 11 }
    static var mantissaBits: UInt64 { 52 }
}

extension FloatFormat {
    private static var exponentMask: UInt64 { (1 << exponentBits) - 1 }
    private static var bias: Int64 { Int64(1 << (exponentBits - 1)) - 1 }

    /// The same value as binary64, which holds every value of the four formats; NaN keeps its payload.
    @inline(__always)
    static func binary64(_ bits: Bits) -> UInt64 {
        let bits = UInt64(bits)
        let sign = (bits >> (exponentBits + mantissaBits)) << 63
        let exponent = (bits >> mantissaBits) & exponentMask
        let mantissa = bits & ((1 << mantissaBits) - 1)
        let fraction = mantissa << (52 - mantissaBits)
        if exponent == exponentMask { return sign | 0x7FF << 52 | fraction }
        if exponent != 0 { return sign | UInt64(Int64(exponent) - bias + 1023) << 52 | fraction }
        if mantissa == 0 { return sign }
        if exponentBits == 11 { return sign | fraction }
        // A subnormal: normal in the wider format once its leading 1 is shifted to the front.
        let shift = UInt64(fraction.leadingZeroBitCount) - 11
        return sign | UInt64(1 - bias - Int64(shift) + 1023) << 52 | ((fraction << shift) & ((1 << 52) - 1))
    }

    /// The value of this format nearest to a binary64, ties to the even one: IEEE 754-2019, 4.3.1. Too large values become infinite.
    @inline(__always)
    static func nearest(to wide: UInt64) -> (bits: Bits, isExact: Bool) {
        if exponentBits == 11 { return (Bits(truncatingIfNeeded: wide), true) }
        let sign = (wide >> 63) << (exponentBits + mantissaBits)
        let exponent = Int64((wide >> 52) & 0x7FF)
        let fraction = wide & ((1 << 52) - 1)
        let infinity = exponentMask << mantissaBits
        if exponent == 0x7FF {
            let payload = fraction >> (52 - mantissaBits)
            // A NaN whose payload does not fit stays one.
            let kept = fraction != 0 && payload == 0 ? 1 << (mantissaBits - 1) : payload
            return (
                Bits(truncatingIfNeeded: sign | infinity | kept),
                fraction == 0 || payload << (52 - mantissaBits) == fraction
            )
        }
        // Subnormals of binary64 lie far below half of any narrower format's least value.
        if exponent == 0 { return (Bits(truncatingIfNeeded: sign), fraction == 0) }
        let target = exponent - 1023 + bias
        let isSubnormal = target < 1
        let shift = 52 - mantissaBits + (isSubnormal ? UInt64(1 - target) : 0)
        if shift > 53 { return (Bits(truncatingIfNeeded: sign), false) }
        let significand = fraction | 1 << 52
        var kept = significand >> shift
        let rest = significand & ((1 << shift) - 1)
        let half: UInt64 = 1 << (shift - 1)
        if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
        // A carry out of the mantissa raises the exponent by one, which is what it should.
        let magnitude = isSubnormal ? kept : (UInt64(target - 1) << mantissaBits) + kept
        if magnitude >= infinity { return (Bits(truncatingIfNeeded: sign | infinity), false) }
        return (Bits(truncatingIfNeeded: sign | magnitude), rest == 0)
    }
}
