internal import MoEFormat

extension RouterDescription.Precision {
    /// The nearest value of this type, the even one of two equally near.
    func rounded(_ value: Float) -> Float {
        switch self {
        case .f32: return value
        case .bf16: return Self.roundedToBFloat16(value)
        case .f16: return Self.roundedToHalf(value)
        }
    }

    private static func roundedToBFloat16(_ value: Float) -> Float {
        guard value.isFinite else { return value }
        let bits = value.bitPattern
        // Half of the last place kept, less one when that place is even: a carry then rounds up, to infinity at the end.
        let rounded = bits &+ 0x7FFF &+ (bits >> 16 & 1)
        return Float(bitPattern: rounded & 0xFFFF_0000)
    }

    /// binary16 has 11 significant bits down to 2^-14 and steps of 2^-24 below; beyond 65504 it has infinity alone.
    private static func roundedToHalf(_ value: Float) -> Float {
        guard value.isFinite, value != 0 else { return value }
        let exponent = max(value.exponent, -14)
        let step = Float(sign: .plus, exponent: exponent - 10, significand: 1)
        let rounded = (value / step).rounded(.toNearestOrEven) * step
        return abs(rounded) > 65504 ? Float(signOf: value, magnitudeOf: .infinity) : rounded
    }
}

extension [Float] {
    /// The first `count` values, rounded to a type.
    func rounded(to precision: RouterDescription.Precision, count: Int) -> [Float] {
        precision == .f32 ? self : prefix(count).map(precision.rounded)
    }
}

extension WeightMatrix {
    /// The matrix in f32 with every element rounded to a type; itself for f32.
    ///
    /// - Throws: `FormatError` by R28, never for a matrix that was checked.
    func rounded(to precision: RouterDescription.Precision, name: String) throws(FormatError) -> WeightMatrix {
        guard precision != .f32 else { return self }
        var row = [Float](repeating: 0, count: columns)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 * rows * columns)
        for index in 0..<rows {
            expand(row: index, columns: 0..<columns, into: &row)
            for value in row {
                let bits = precision.rounded(value).bitPattern
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
                }
            }
        }
        let elements = StoredElements(copying: bytes, dtype: .f32, count: rows * columns)
        let orientation: Orientation = rowsAreInputs ? .rowsAreInputs : .rowsAreOutputs
        return try WeightMatrix(
            StoredMatrix(elements, rowLength: columns, orientation: orientation), outputs: outputs, inputs: inputs,
            name: name)
    }
}
