import Foundation
import Testing

@testable import MoEFormat

@Suite struct ChunkEncoderTests {
    /// Chunks that differ from the sample their part's plan was made from: planes that are stored in place must move
    /// where one before them turns out constant, and every mixture must come back.
    @Test(arguments: [Dtype.u8, .bf16, .f16, .f32, .f64])
    func chunksUnlikeTheirSampleComeBack(dtype: Dtype) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        let width = dtype.byteCount!
        let encoder = try ChunkEncoder()
        let decoder = ChunkDecoder()
        let form = try StorageForm(
            encoding: Encoding.planes.rawValue, rotation: dtype.isFloat && dtype != .f16 ? 1 : 0, elementBytes: width)
        let coders: [EncodingPlan.Coder] = [.stored, .huffman, .matches]
        for round in 0..<60 {
            let plan = EncodingPlan(
                form: form, coders: (0..<width).map { _ in coders.randomElement(using: &generator)! })
            let elements = [1, 7, 64, 1000, 5000].randomElement(using: &generator)!
            // Each byte of the elements constant, skewed or random.
            let kinds = (0..<width).map { _ in Int.random(in: 0...2, using: &generator) }
            let chunk = (0..<elements * width).map { index -> UInt8 in
                switch kinds[index % width] {
                case 0: 42
                case 1: UInt8.random(in: 0...3, using: &generator)
                default: UInt8.random(in: 0...255, using: &generator)
                }
            }
            var stored = [UInt8](repeating: 0xEE, count: ChunkEncoder.storedBound(chunkBytes: chunk.count))
            let count = try chunk.withUnsafeBytes { bytes in
                try stored.withUnsafeMutableBytes { try encoder.encode(bytes, plan: plan, into: $0) }
            }
            var appended: [UInt8] = [1, 2, 3]
            try chunk.withUnsafeBytes { try encoder.encode($0, plan: plan, into: &appended) }
            #expect(appended == [1, 2, 3] + stored[..<count], "seed \(seed), round \(round)")
            var decoded = [UInt8](repeating: 0, count: chunk.count)
            try stored[..<count].withUnsafeBytes { bytes in
                try decoded.withUnsafeMutableBytes {
                    try decoder.decode(bytes, form: form, elements: elements, into: $0)
                }
            }
            #expect(decoded == chunk, "seed \(seed), round \(round)")
        }
    }

    @Test func tooLittleRoomIsRefused() throws {
        let encoder = try ChunkEncoder()
        let chunk = [UInt8](repeating: 1, count: 64)
        var room = [UInt8](repeating: 0, count: ChunkEncoder.storedBound(chunkBytes: 64) - 1)
        #expect(throws: FormatError.self) {
            try chunk.withUnsafeBytes { bytes in
                try room.withUnsafeMutableBytes { _ = try encoder.encode(bytes, plan: .raw(dtype: .u8), into: $0) }
            }
        }
    }
}
