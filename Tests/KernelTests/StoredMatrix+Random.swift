import CMoEKernels

extension StoredMatrix {
    /// Finite elements, and for the types of 8 and 4 bits often a grid of scales.
    static func random(_ type: moe_weight_type, rows: Int, columns: Int, using random: inout SeededRandom)
        -> StoredMatrix
    {
        let count = rows * columns
        var matrix = StoredMatrix(rows: rows, columns: columns, type: type, elements: [])
        let floats = random.floats(count)
        switch type {
        case MOE_WEIGHT_F32: matrix.elements = floats.flatMap { bytes($0.bitPattern) }
        case MOE_WEIGHT_BF16: matrix.elements = floats.flatMap { bytes(UInt16($0.bitPattern >> 16)) }
        case MOE_WEIGHT_F16: matrix.elements = floats.flatMap { bytes(half($0, &random)) }
        case MOE_WEIGHT_F64: matrix.elements = floats.flatMap { bytes((Double($0) * 1.000_000_01).bitPattern) }
        case MOE_WEIGHT_F8_E4M3: matrix.elements = random.bytes(count).map { $0 & 0x7f == 0x7f ? 0x30 : $0 }
        case MOE_WEIGHT_F8_E5M2: matrix.elements = random.bytes(count).map { $0 & 0x7c == 0x7c ? 0x30 : $0 }
        default: matrix.elements = random.bytes(count / 2)
        }
        if type.rawValue >= MOE_WEIGHT_F8_E4M3.rawValue { matrix.addScales(using: &random) }
        return matrix
    }

    private mutating func addScales(using random: inout SeededRandom) {
        scaleType = [MOE_SCALE_NONE, MOE_SCALE_F32, MOE_SCALE_BF16, MOE_SCALE_F16, MOE_SCALE_E8M0].randomElement(
            using: &random)!
        guard scaleType != MOE_SCALE_NONE else { return }
        blockRows = [1, 2, 5, 128, rows].randomElement(using: &random)!
        blockColumns = [1, 3, 16, 32, 48, 64, 128, columns].randomElement(using: &random)!
        let count = ((rows - 1) / blockRows + 1) * ((columns - 1) / blockColumns + 1)
        let floats = random.floats(count, in: 0.1...2)
        switch scaleType {
        case MOE_SCALE_F32: scales = floats.flatMap { Self.bytes($0.bitPattern) }
        case MOE_SCALE_BF16: scales = floats.flatMap { Self.bytes(UInt16($0.bitPattern >> 16)) }
        case MOE_SCALE_F16: scales = floats.flatMap { Self.bytes(Self.half($0, &random)) }
        default: scales = (0..<count).map { _ in UInt8.random(in: 120...130, using: &random) }
        }
    }

    /// Some half near the float: which one does not matter here.
    private static func half(_ float: Float, _ random: inout SeededRandom) -> UInt16 {
        let sign: UInt16 = float < 0 ? 0x8000 : 0
        return sign | UInt16.random(in: 0x2c00...0x3fff, using: &random)
    }

    static func bytes<I: FixedWidthInteger>(_ integer: I) -> [UInt8] {
        withUnsafeBytes(of: integer.littleEndian, Array.init)
    }
}
