import Foundation
import Testing

@testable import MoEFormat

/// Values as numbers: every dtype, every golden file, and summaries against the plain sums.
@Suite struct ValueTests {
    private static func values(_ format: NumberFormat, _ bytes: [UInt8], count: Int) -> [Double] {
        var values = [Double](repeating: .nan, count: count)
        bytes.withUnsafeBytes { bytes in
            values.withUnsafeMutableBufferPointer { format.read(bytes, from: 0, count: count, into: $0) }
        }
        return values
    }

    @Test func dtypesReadAsTheirNumbers() throws {
        func check(_ dtype: Dtype, _ bytes: [UInt8], _ expected: [Double]) throws {
            let format = try #require(NumberFormat(dtype))
            #expect(Self.values(format, bytes, count: expected.count) == expected, "\(dtype)")
        }
        try check(.bool, [0, 1], [0, 1])
        try check(.u8, [0, 255], [0, 255])
        try check(.i8, [0x80, 0x7F], [-128, 127])
        try check(.u16, [0xFF, 0xFF], [65535])
        try check(.i16, [0xFE, 0xFF], [-2])
        try check(.u32, [0, 0, 0, 0x80], [2_147_483_648])
        try check(.i32, [0, 0, 0, 0x80], [-2_147_483_648])
        try check(.u64, [0, 0, 0, 0, 0, 0, 0, 0x80], [9_223_372_036_854_775_808])
        try check(.i64, [UInt8](repeating: 255, count: 8), [-1])
        try check(.f16, [0x00, 0x3C, 0x01, 0x00, 0x00, 0xFC], [1, 0x1p-24, -.infinity])
        try check(.bf16, [0x80, 0x3F, 0x00, 0xC0], [1, -2])
        try check(.f32, [0, 0, 0x80, 0x7F], [.infinity])
        try check(.f64, [0, 0, 0, 0, 0, 0, 0xF0, 0x3F], [1])
        try check(.f8E4M3, [0x38, 0x7E, 0x01], [1, 448, 0x1p-9])
        try check(.f8E5M2, [0x3C, 0xFC], [1, -.infinity])
        try check(.f8E8M0, [127, 128], [1, 2])
        #expect(NumberFormat(.opaque(3)) == nil && NumberFormat(.unknown(99)) == nil)
    }

    /// A stream gives what decoding at once gives, whatever the chunks and the reads.
    @Test(arguments: [
        "dtypes-in-planes", "dtypes-raw", "chunks-of-rows", "rows-longer-than-chunks", "stacked", "empty-tensors",
    ])
    func streamsGiveTheTensorsValues(name: String) throws {
        let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures/golden/\(name).moe")
        let file = try ModelFile(opening: path.path(percentEncoded: false))
        for index in 0..<file.tensorCount {
            let tensor = try file.tensor(at: index)
            guard let format = NumberFormat(tensor.dtype) else { continue }
            let expected = Self.values(format, try file.bytes(of: tensor), count: Int(tensor.elementCount))
            for step in [1, 7, 4096] {
                var stream = try ValueStream(tensor, of: file, as: .code)
                #expect(stream.count == tensor.elementCount)
                var buffer = [Double](repeating: 0, count: step)
                var values: [Double] = []
                while case let count = try stream.read(into: &buffer), count > 0 { values += buffer[..<count] }
                #expect(values.map(\.bitPattern) == expected.map(\.bitPattern), "\(tensor.name) by \(step)")
            }
        }
    }

    @Test func summariesAgreeWithThePlainSums() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for count in [0, 1, 7, 8, 9, 63, 1000, 5000] {
            let centers: [Double] = [0, 1e6, -3]
            let center = centers.randomElement(using: &generator) ?? 0
            var values = (0..<count).map { _ in center + Double.random(in: -1...1, using: &generator) }
            if count > 8 { values[3] = 0 }
            var summary = ValueSummary()
            var start = 0
            while start < count {
                let end = min(count, start + Int.random(in: 1...900, using: &generator))
                summary.add(Array(values[start..<end]), count: end - start)
                start = end
            }
            let mean = count == 0 ? 0.0 : values.reduce(0.0, +) / Double(count)
            let spread = values.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) }
            let deviation = count == 0 ? 0 : (spread / Double(count)).squareRoot()
            #expect(summary.count == UInt64(count) && summary.zeros == UInt64(values.count { $0 == 0 }))
            #expect(abs(summary.mean - mean) <= 1e-9 * max(1, abs(mean)), "seed \(seed)")
            #expect(abs(summary.deviation - deviation) < 1e-6, "seed \(seed)")
            #expect(summary.minimum == values.min() ?? .infinity && summary.maximum == values.max() ?? -.infinity)
            let norm = values.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
            #expect(abs(summary.norm - norm) <= 1e-9 * max(1, norm), "seed \(seed)")
        }
    }

    @Test func whatIsNoNumberIsCountedAndLeftOut() {
        var summary = ValueSummary()
        summary.add([1, .nan, .infinity, -.infinity, 3, .nan], count: 6)
        #expect(summary.count == 6 && summary.finite == 2 && summary.nans == 2)
        #expect(summary.positiveInfinities == 1 && summary.negativeInfinities == 1)
        #expect(summary.mean == 2 && summary.deviation == 1 && summary.minimum == 1 && summary.maximum == 3)
    }
}
