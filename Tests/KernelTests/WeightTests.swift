import CMoEKernels
import Testing

@Suite struct WeightTests {
    static func expand(_ matrix: StoredMatrix, row: Int = 0, columns: Range<Int>? = nil) -> [Float]? {
        let columns = columns ?? 0..<matrix.columns
        var values = [Float](repeating: -12345.5, count: columns.count + 1)
        let elements = [0] + matrix.elements
        let scales = [0] + matrix.scales
        let done = elements.withUnsafeBufferPointer { elements in
            scales.withUnsafeBufferPointer { scales in
                var weight = moe_weight(
                    elements: elements.baseAddress! + 1, rows: matrix.rows, columns: matrix.columns, type: matrix.type,
                    scale_type: matrix.scaleType, scales: scales.baseAddress! + 1, block_rows: matrix.blockRows,
                    block_columns: matrix.blockColumns)
                return moe_weight_expand(&weight, row, columns.lowerBound, columns.count, &values)
            }
        }
        guard done else { return nil }
        precondition(values.last == -12345.5, "written past the values")
        return values.dropLast()
    }

    @Test(
        arguments: Level.possible,
        [
            (MOE_WEIGHT_F8_E4M3, 1, 256), (MOE_WEIGHT_F8_E5M2, 1, 256), (MOE_WEIGHT_F16, 2, 65536),
            (MOE_WEIGHT_BF16, 2, 65536),
        ])
    func everyCodeHasItsValue(level: Level, format: (type: moe_weight_type, bytes: Int, codes: Int)) {
        let elements = (0..<format.codes).flatMap { StoredMatrix.bytes(UInt16($0)).prefix(format.bytes) }
        let matrix = StoredMatrix(rows: 1, columns: format.codes, type: format.type, elements: elements)
        let values = level.use { Self.expand(matrix)! }
        #expect(values.hasSameBits(as: (0..<format.codes).map(matrix.element)))
    }

    @Test(arguments: Level.possible)
    func everyPairOfNibblesHasItsValues(level: Level) {
        let matrix = StoredMatrix(rows: 1, columns: 512, type: MOE_WEIGHT_F4_E2M1, elements: (0...255).map { $0 })
        let values = level.use { Self.expand(matrix)! }
        #expect(values.hasSameBits(as: (0..<512).map(matrix.element)))
        #expect(values[2 * 0x2f] == -6 && values[2 * 0x2f + 1] == 1)  // The low nibble is first.
    }

    @Test(arguments: Level.possible)
    func everyScaleOfMXFP4IsItsPowerOfTwo(level: Level) {
        var matrix = StoredMatrix(
            rows: 256, columns: 32, type: MOE_WEIGHT_F4_E2M1, elements: [UInt8](repeating: 0x72, count: 256 * 16))
        matrix.scaleType = MOE_SCALE_E8M0
        matrix.scales = (0...255).map { $0 }
        matrix.blockColumns = 32
        for row in 0..<256 {
            let values = level.use { Self.expand(matrix, row: row)! }
            let scale = StoredMatrix.e8m0(UInt8(row))
            #expect(values.hasSameBits(as: (0..<32).map { $0 % 2 == 0 ? scale : 6 * scale }), "scale \(row)")
        }
    }

    @Test(arguments: Level.possible)
    func doublesAreRoundedToNearestEven(level: Level) {
        let doubles = [
            1 + 0x1p-24, 1 + 0x1.8p-23, 0x1p-149, 0x1p-150, 0x1.8p-149, 1e300, -1e300, .nan, .infinity, -0.0, 3.3,
        ]
        let matrix = StoredMatrix(
            rows: 1, columns: doubles.count, type: MOE_WEIGHT_F64,
            elements: doubles.flatMap { StoredMatrix.bytes($0.bitPattern) })
        #expect(level.use { Self.expand(matrix)! }.hasSameBits(as: doubles.map { Float($0) }))
    }

    @Test(arguments: Level.possible, StoredMatrix.types)
    func anyRangeOfAnyRowIsItsWeights(level: Level, type: moe_weight_type) {
        var random = SeededRandom()
        for _ in 0..<20 {
            let columns = 2 * Int.random(in: 1...120, using: &random)
            let matrix = StoredMatrix.random(type, rows: 7, columns: columns, using: &random)
            let row = Int.random(in: 0..<7, using: &random)
            let first = Int.random(in: 0...columns / 32, using: &random) * 32
            let end = Int.random(in: first...columns, using: &random)
            let values = level.use { Self.expand(matrix, row: row, columns: first..<end)! }
            let expected = (first..<end).map { matrix.weight(row: row, column: $0) }
            #expect(values.hasSameBits(as: expected), "seed \(random.seed), columns \(first)..<\(end) of \(columns)")
        }
    }

    /// A scale so large that it cannot take in the power of two that the decoding leaves over.
    @Test(arguments: Level.possible, [MOE_WEIGHT_F8_E4M3, MOE_WEIGHT_F8_E5M2, MOE_WEIGHT_F4_E2M1])
    func aHugeScaleIsStillAProduct(level: Level, type: moe_weight_type) {
        var random = SeededRandom()
        var matrix = StoredMatrix.random(type, rows: 3, columns: 100, using: &random)
        matrix.scaleType = MOE_SCALE_F32
        matrix.blockRows = 1
        matrix.blockColumns = 32
        let scales: [Float] = [
            0x1p120, 3, .infinity, 0x1.8p127, 0x1p-140, .nan, 0x1p127, 1, -0x1p119, 0x1p-126, 2, -.infinity,
        ]
        matrix.scales = scales.flatMap { StoredMatrix.bytes($0.bitPattern) }
        for row in 0..<3 {
            let expected = (0..<100).map { matrix.weight(row: row, column: $0) }
            #expect(level.use { Self.expand(matrix, row: row)! }.hasSameBits(as: expected), "seed \(random.seed)")
        }
        guard level.isFused else { return }
        let hidden = (0..<3).map { _ in random.floats(100) }
        let result = level.use { Linear.run(matrix, rowsAreInputs: false, hidden: hidden)! }
        for (row, reference) in zip(result, Linear.reference(matrix, rowsAreInputs: false, hidden: hidden)) {
            #expect(row.hasSameBits(as: reference), "seed \(random.seed)")
        }
    }

    /// What fills the last columns up to a whole vector takes no part, even in an infinite product.
    @Test(arguments: Level.possible, [36, 52, 100])
    func anInfiniteScaleDoesNotReachBeyondTheRow(level: Level, columns: Int) {
        var matrix = StoredMatrix(
            rows: 5, columns: columns, type: MOE_WEIGHT_F8_E5M2, elements: [UInt8](repeating: 0x3c, count: 5 * columns))
        matrix.scaleType = MOE_SCALE_F32
        matrix.blockRows = 1
        matrix.blockColumns = columns
        matrix.scales = [Float](repeating: .infinity, count: 5).flatMap { StoredMatrix.bytes($0.bitPattern) }
        for tokens in 1...5 {
            let hidden = [[Float]](repeating: [Float](repeating: 1, count: columns), count: tokens)
            let result = level.use { Linear.run(matrix, rowsAreInputs: false, hidden: hidden)! }
            #expect(result == [[Float]](repeating: [Float](repeating: .infinity, count: 5), count: tokens))
        }
    }

    @Test func rangesOutsideAreRefused() {
        let matrix = StoredMatrix(
            rows: 2, columns: 64, type: MOE_WEIGHT_F8_E4M3, elements: [UInt8](repeating: 0, count: 128))
        #expect(Self.expand(matrix, row: 2) == nil)
        #expect(Self.expand(matrix, columns: 32..<65) == nil)
        #expect(Self.expand(matrix, columns: 16..<20) == nil)
        var odd = matrix
        odd.type = MOE_WEIGHT_F4_E2M1
        odd.columns = 63
        #expect(Self.expand(odd) == nil)
    }
}
