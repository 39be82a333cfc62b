import MoEFormat

@testable import MoERuntime

/// Deterministic random numbers for tests: SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// The encodings a weight can have, for tests over all of them.
enum WeightEncoding: CaseIterable {
    case f32, bf16, f16, f64, e4m3, e5m2, e4m3Blocks, e4m3BF16Scales, e5m2RowScales, e4m3Divided, mxfp4, mxfp4HighFirst,
        i8

    var dtype: Dtype {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .f16: .f16
        case .f64: .f64
        case .e5m2, .e5m2RowScales: .f8E5M2
        case .e4m3, .e4m3Blocks, .e4m3BF16Scales, .e4m3Divided: .f8E4M3
        case .mxfp4, .mxfp4HighFirst, .i8: .u8
        }
    }

    var scheme: QuantizationScheme? {
        switch self {
        case .e4m3Blocks: .init(.f8E4M3, blockRows: 16, blockColumns: 48)
        case .e4m3BF16Scales: .init(.f8E4M3, blockRows: 128, blockColumns: 128)
        case .e5m2RowScales: .init(.f8E5M2, blockRows: 1, blockColumns: 1 << 20)
        case .e4m3Divided: .init(.f8E4M3, blockRows: 32, blockColumns: 32, scale: .inverse)
        case .mxfp4: .init(.mxfp4, blockRows: 1, blockColumns: 32)
        case .mxfp4HighFirst: .init(.mxfp4, blockRows: 1, blockColumns: 32, nibbles: .highFirst)
        case .i8: .init(.i8, blockRows: 1, blockColumns: 32)
        default: nil
        }
    }

    /// A random matrix of this encoding; its codes are finite.
    func matrix(
        outputs: Int, inputs: Int, orientation: Orientation, using generator: inout SeededGenerator
    ) -> StoredMatrix {
        let (rows, columns) = orientation == .rowsAreOutputs ? (outputs, inputs) : (inputs, outputs)
        let isPacked = scheme?.element == .mxfp4
        let count = rows * columns / (isPacked ? 2 : 1)
        let bytes: [UInt8]
        switch dtype {
        case .f32: bytes = generator.floats(count).flatMap { $0.bitPattern.bytes }
        case .bf16: bytes = generator.floats(count).flatMap { UInt16($0.bitPattern >> 16).bytes }
        case .f64: bytes = generator.floats(count).flatMap { (Double($0) * 1.000_000_07).bitPattern.bytes }
        case .f16:
            // Any half whose exponent is not all ones.
            bytes = (0..<count).flatMap { _ in
                (UInt16.random(in: 0...UInt16.max, using: &generator) & ~0x4000).bytes
            }
        default:
            bytes = (0..<count).map { _ in
                let code = UInt8.random(in: 0...255, using: &generator)
                if isPacked || self == .i8 { return code }
                return dtype == .f8E5M2 ? code & ~0x40 : (code & 0x7f == 0x7f ? 0x70 : code)
            }
        }
        let elements = StoredElements(copying: bytes, dtype: dtype, count: count)
        let rowLength = isPacked ? 16 : columns
        guard let scheme else { return StoredMatrix(elements, rowLength: rowLength, orientation: orientation) }
        let scales = ((rows - 1) / scheme.blockRows + 1) * ((columns - 1) / scheme.blockColumns + 1)
        let scale: StoredElements
        if isPacked {
            let codes = (0..<scales).map { _ in UInt8.random(in: 120...130, using: &generator) }
            scale = StoredElements(copying: codes, dtype: .u8, count: scales)
        } else if self == .e4m3BF16Scales {
            let codes = generator.floats(scales, in: 0.5...2).flatMap { UInt16($0.bitPattern >> 16).bytes }
            scale = StoredElements(copying: codes, dtype: .bf16, count: scales)
        } else {
            scale = StoredElements(generator.floats(scales, in: 0.5...2))
        }
        return StoredMatrix(elements, rowLength: rowLength, orientation: orientation, scheme: scheme, scale: scale)
    }
}

extension FixedWidthInteger {
    /// Little-endian bytes.
    var bytes: [UInt8] { (0..<(Self.bitWidth / 8)).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}
