import Foundation
import Testing

@testable import MoEFormat

@Suite struct RoundTripTests {
    static let dtypes: [Dtype] = [
        .bool, .u8, .i8, .u16, .i16, .u32, .i32, .u64, .i64, .f16, .bf16, .f32, .f64, .f8E4M3, .f8E5M2, .f8E8M0,
        .opaque(3),
        .opaque(2),
    ]

    /// Bytes like those of weights: floats of a bell curve, other types at random.
    static func weights(_ dtype: Dtype, count: Int, using generator: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count {
            let value = (0..<6).reduce(Float(0)) { sum, _ in sum + Float.random(in: -0.01...0.01, using: &generator) }
            switch dtype {
            case .f32: withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
            case .bf16: withUnsafeBytes(of: UInt16(value.bitPattern >> 16)) { bytes.append(contentsOf: $0) }
            case .f16:
                // A half of the float's size, close enough to a half's bits for compression.
                withUnsafeBytes(
                    of: UInt16(
                        truncatingIfNeeded: (value.bitPattern >> 13) & 0x3FFF | (value.bitPattern >> 16) & 0x8000)
                ) { bytes.append(contentsOf: $0) }
            case .f64: withUnsafeBytes(of: Double(value)) { bytes.append(contentsOf: $0) }
            default: for _ in 0..<dtype.byteCount! { bytes.append(UInt8.random(in: 0...255, using: &generator)) }
            }
        }
        return bytes
    }

    @Test(arguments: dtypes, [true, false])
    func everyDtypeComesBackBitForBit(dtype: Dtype, compresses: Bool) throws {
        let directory = try TemporaryDirectory()
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        // Chunks of whole rows, rows longer than a chunk, a single element, an empty tensor.
        let shapes = [[40, 77], [3, 2500], [], [1], [0, 5], [4, 3, 33]]
        var composer = try FileComposer(path: directory.file("a.moe"))
        composer.compresses = compresses
        var contents: [[UInt8]] = []
        for (index, shape) in shapes.enumerated() {
            let tensor = try composer.declare("t\(index)", dtype, shape)
            let bytes = Self.weights(dtype, count: shape.reduce(1, *), using: &generator)
            contents.append(bytes)
            if !bytes.isEmpty {
                try composer.block(.dense, [.init(tensor: tensor, bytes: bytes, rowLength: UInt64(shape.last ?? 1))])
            }
        }
        try composer.finish()
        let file = try ModelFile(opening: directory.file("a.moe"))
        for (index, bytes) in contents.enumerated() {
            let tensor = try #require(try file.tensor(named: "t\(index)"))
            #expect(tensor.shape == shapes[index])
            #expect(try file.bytes(of: tensor) == bytes, "seed \(seed)")
        }
        let verification = try Verification(of: file)
        #expect(verification.isWhole, "\(verification.findings)")
    }

    @Test func trainedLookingWeightsShrinkByAThird() throws {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: 1)
        var composer = try FileComposer(path: directory.file("a.moe"))
        composer.chunkTarget = 131_072
        let tensor = try composer.declare("w", .bf16, [512, 1024])
        let bytes = Self.weights(.bf16, count: 512 * 1024, using: &generator)
        try composer.block(.dense, [.init(tensor: tensor, bytes: bytes, rowLength: 1024)])
        try composer.finish()
        let file = try ModelFile(opening: directory.file("a.moe"))
        #expect(Double(file.byteCount) < 0.70 * Double(bytes.count))
    }

    @Test func rowsDecodeOnlyWhatTheyTouch() throws {
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: 2)
        var composer = try FileComposer(path: directory.file("a.moe"))
        let tensor = try composer.declare("w", .f32, [100, 64])
        let bytes = Self.weights(.f32, count: 6400, using: &generator)
        try composer.block(.dense, [.init(tensor: tensor, bytes: bytes, rowLength: 64)])
        try composer.finish()
        let file = try ModelFile(opening: directory.file("a.moe"))
        let opened = try #require(try file.tensor(named: "w"))
        for rows in [0..<1, 15..<17, 16..<32, 99..<100, 0..<100, 50..<50] {
            #expect(
                try file.bytes(of: opened, rows: rows) == Array(bytes[rows.lowerBound * 256..<rows.upperBound * 256]))
        }
        #expect(throws: FormatError.self) { try file.bytes(of: opened, rows: 99..<101) }
    }
}
