import CMoEKernels

/// A matrix as a file holds it, and what its elements mean: the plain definitions that the kernels are held to.
struct StoredMatrix {
    var rows: Int
    var columns: Int
    var type: moe_weight_type
    var elements: [UInt8]
    var scaleType = MOE_SCALE_NONE
    var scales: [UInt8] = []
    var blockRows = 1
    var blockColumns = 1

    static let types = [
        MOE_WEIGHT_F32, MOE_WEIGHT_BF16, MOE_WEIGHT_F16, MOE_WEIGHT_F64, MOE_WEIGHT_F8_E4M3, MOE_WEIGHT_F8_E5M2,
        MOE_WEIGHT_F4_E2M1,
    ]

    /// The element in row-major order, before its scale.
    func element(_ index: Int) -> Float {
        switch type {
        case MOE_WEIGHT_F32: Float(bitPattern: integer(elements, index, as: UInt32.self))
        case MOE_WEIGHT_BF16: Float(bitPattern: UInt32(integer(elements, index, as: UInt16.self)) << 16)
        case MOE_WEIGHT_F16: Self.small(UInt32(integer(elements, index, as: UInt16.self)), exponent: 5, fraction: 10)
        case MOE_WEIGHT_F64: Float(Double(bitPattern: integer(elements, index, as: UInt64.self)))
        case MOE_WEIGHT_F8_E5M2: Self.small(UInt32(elements[index]), exponent: 5, fraction: 2)
        case MOE_WEIGHT_F8_E4M3: Self.e4m3(elements[index])
        default: Self.e2m1(elements[index / 2] >> UInt8(4 * (index % 2)) & 15)
        }
    }

    /// The weight: element · scale.
    func weight(row: Int, column: Int) -> Float {
        let value = element(row * columns + column)
        guard scaleType != MOE_SCALE_NONE else { return value }
        let perRow = (columns + blockColumns - 1) / blockColumns
        return value * scale(row / blockRows * perRow + column / blockColumns)
    }

    /// All weights in row-major order.
    var weights: [Float] {
        (0..<rows).flatMap { row in (0..<columns).map { weight(row: row, column: $0) } }
    }

    private func scale(_ index: Int) -> Float {
        switch scaleType {
        case MOE_SCALE_F32: Float(bitPattern: integer(scales, index, as: UInt32.self))
        case MOE_SCALE_BF16: Float(bitPattern: UInt32(integer(scales, index, as: UInt16.self)) << 16)
        case MOE_SCALE_F16: Self.small(UInt32(integer(scales, index, as: UInt16.self)), exponent: 5, fraction: 10)
        default: Self.e8m0(scales[index])
        }
    }

    private func integer<I: FixedWidthInteger>(_ bytes: [UInt8], _ index: Int, as type: I.Type) -> I {
        bytes.withUnsafeBytes {
            I(littleEndian: $0.loadUnaligned(fromByteOffset: index * MemoryLayout<I>.size, as: I.self))
        }
    }

    /// An IEEE-like float of sign, exponent and fraction, with infinities and NaN.
    static func small(_ bits: UInt32, exponent: Int, fraction: Int) -> Float {
        let field = Int(bits >> UInt32(fraction)) & (1 << exponent - 1)
        let part = Float(bits & (1 << UInt32(fraction) - 1)) / Float(1 << fraction)
        let bias = 1 << (exponent - 1) - 1
        let magnitude: Float =
            if field == 1 << exponent - 1 { part == 0 ? .infinity : .nan } else if field == 0 {
                part * Float(sign: .plus, exponent: 1 - bias, significand: 1)
            } else { (1 + part) * Float(sign: .plus, exponent: field - bias, significand: 1) }
        return bits >> UInt32(exponent + fraction) & 1 == 0 ? magnitude : -magnitude
    }

    static func e4m3(_ byte: UInt8) -> Float {
        if byte & 0x7f == 0x7f { return .nan }
        let exponent = Int(byte >> 3 & 15)
        let fraction = Float(byte & 7) / 8
        let magnitude =
            exponent == 0
            ? fraction * 0x1p-6 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
        return byte < 0x80 ? magnitude : -magnitude
    }

    static func e2m1(_ nibble: UInt8) -> Float {
        let magnitude: Float = [0, 0.5, 1, 1.5, 2, 3, 4, 6][Int(nibble & 7)]
        return nibble < 8 ? magnitude : -magnitude
    }

    static func e8m0(_ byte: UInt8) -> Float {
        byte == 255 ? .nan : Float(sign: .plus, exponent: Int(byte) - 127, significand: 1)
    }
}
