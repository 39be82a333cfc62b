import CMoEKernels
import Testing

@Suite struct LinearTests {
    /// Shapes around the sixteens, the register blocks and their remainders.
    static func shape(_ type: moe_weight_type, using random: inout SeededRandom) -> (rows: Int, columns: Int) {
        let sizes = [1, 2, 7, 15, 16, 17, 31, 32, 33, 48, 95, 96, 97, 130]
        let columns = sizes.randomElement(using: &random)!
        return (sizes.randomElement(using: &random)!, type == MOE_WEIGHT_F4_E2M1 ? (columns + 1) / 2 * 2 : columns)
    }

    @Test(arguments: StoredMatrix.types, [false, true])
    func everyLevelSumsInTheOrderThatIsDocumented(type: moe_weight_type, rowsAreInputs: Bool) {
        var random = SeededRandom()
        for _ in 0..<6 {
            let (rows, columns) = Self.shape(type, using: &random)
            let matrix = StoredMatrix.random(type, rows: rows, columns: columns, using: &random)
            let tokens = Int.random(in: 1...11, using: &random)
            let hidden = (0..<tokens).map { _ in random.floats(rowsAreInputs ? rows : columns) }
            let expected = Linear.reference(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)
            let magnitudes = Linear.magnitudes(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)
            for level in Level.possible {
                let result = level.use { Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden) ?? [] }
                let agrees =
                    result.count == tokens
                    && result.indices.allSatisfy {
                        level.isFused
                            ? result[$0].hasSameBits(as: expected[$0])
                            : result[$0].isClose(to: expected[$0], by: magnitudes[$0])
                    }
                #expect(agrees, "seed \(random.seed), \(rows) × \(columns), \(tokens) tokens, \(level.testDescription)")
            }
        }
    }

    @Test(arguments: StoredMatrix.types, [false, true])
    func aTokenDoesNotNoticeItsBatchNorAnOutputItsWorker(type: moe_weight_type, rowsAreInputs: Bool) {
        var random = SeededRandom()
        let inputs = 70
        let outputs = 150
        let matrix = StoredMatrix.random(
            type, rows: rowsAreInputs ? inputs : outputs, columns: rowsAreInputs ? outputs : inputs, using: &random)
        let hidden = (0..<14).map { _ in random.floats(inputs) }
        for level in Level.possible {
            level.use {
                let whole = Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)!
                for (token, expected) in zip(hidden, whole) {
                    let alone = Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: [token])!
                    #expect(alone[0].hasSameBits(as: expected), "seed \(random.seed), \(level.testDescription)")
                }
                for split in [32, 96] {
                    let left = Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden, outputs: 0..<split)!
                    let right = Linear.run(
                        matrix, rowsAreInputs: rowsAreInputs, hidden: hidden, outputs: split..<outputs)!
                    for t in hidden.indices {
                        let both = left[t] + right[t]
                        #expect(both.hasSameBits(as: whole[t]), "seed \(random.seed), \(level.testDescription)")
                    }
                }
            }
        }
    }

    /// More rows and columns than are under way at once: rounds, strips and several groups of tokens.
    @Test(arguments: [MOE_WEIGHT_BF16, MOE_WEIGHT_F8_E4M3], [false, true])
    func roundsAndStripsChangeNothing(type: moe_weight_type, rowsAreInputs: Bool) {
        var random = SeededRandom()
        let inputs = 70
        let outputs = 2070
        let matrix = StoredMatrix.random(
            type, rows: rowsAreInputs ? inputs : outputs, columns: rowsAreInputs ? outputs : inputs, using: &random)
        let hidden = (0..<5).map { _ in random.floats(inputs) }
        let expected = Linear.reference(matrix, rowsAreInputs: rowsAreInputs, hidden: [hidden[4]])[0]
        for level in Level.possible where level.isFused {
            let result = level.use { Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)! }
            #expect(result[4].hasSameBits(as: expected), "seed \(random.seed), \(level.testDescription)")
        }
    }

    @Test(arguments: [MOE_WEIGHT_F32, MOE_WEIGHT_BF16, MOE_WEIGHT_F16, MOE_WEIGHT_F8_E5M2], [false, true])
    func infinitiesNaNAndSubnormalsPassThrough(type: moe_weight_type, rowsAreInputs: Bool) {
        var random = SeededRandom()
        let rows = 33
        let columns = 35
        var matrix = StoredMatrix.random(type, rows: rows, columns: columns, using: &random)
        let width = matrix.elements.count / (rows * columns)
        let patterns: [[UInt8]] =
            switch type {
            case MOE_WEIGHT_F32:
                [[0, 0, 0x80, 0x7f], [0, 0, 0x80, 0xff], [0, 0, 0xc0, 0x7f], [1, 0, 0, 0], [0, 0, 0, 0x80]]
            case MOE_WEIGHT_BF16: [[0x80, 0x7f], [0x80, 0xff], [0xc0, 0x7f], [1, 0], [0, 0x80]]
            case MOE_WEIGHT_F16: [[0, 0x7c], [0, 0xfc], [0, 0x7e], [1, 0], [0, 0x80]]
            default: [[0x7c], [0xfc], [0x7e], [1], [0x80]]
            }
        for _ in 0..<40 {
            let place = Int.random(in: 0..<rows * columns, using: &random) * width
            matrix.elements.replaceSubrange(place..<place + width, with: patterns.randomElement(using: &random)!)
        }
        var hidden = (0..<6).map { _ in random.floats(rowsAreInputs ? rows : columns) }
        hidden[1][3] = .infinity
        hidden[2][5] = .nan
        hidden[3][7] = Float(bitPattern: 71362)
        let expected = Linear.reference(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)
        for level in Level.possible where level.isFused {
            let result = level.use { Linear.run(matrix, rowsAreInputs: rowsAreInputs, hidden: hidden)! }
            for (row, reference) in zip(result, expected) {
                #expect(row.hasSameBits(as: reference), "seed \(random.seed), \(level.testDescription)")
            }
        }
    }

    @Test func tokensAreGatheredByTheirNumbers() {
        var random = SeededRandom()
        let matrix = StoredMatrix.random(MOE_WEIGHT_F32, rows: 9, columns: 21, using: &random)
        let hidden = (0..<20).map { _ in random.floats(21) }
        let members: [UInt32] = [19, 3, 3, 0, 7, 11]
        let all = Linear.run(matrix, rowsAreInputs: false, hidden: hidden)!
        #expect(
            Linear.run(matrix, rowsAreInputs: false, hidden: hidden, members: members)! == members.map { all[Int($0)] })
    }

    @Test func nothingGivesNothing() {
        let empty = StoredMatrix(rows: 0, columns: 4, type: MOE_WEIGHT_F32, elements: [])
        #expect(Linear.run(empty, rowsAreInputs: false, hidden: [[1, 2, 3, 4]]) == [[]])
        #expect(Linear.run(empty, rowsAreInputs: true, hidden: [[]]) == [[0, 0, 0, 0]])
        let narrow = StoredMatrix(rows: 3, columns: 0, type: MOE_WEIGHT_BF16, elements: [])
        #expect(Linear.run(narrow, rowsAreInputs: false, hidden: [[], []]) == [[0, 0, 0], [0, 0, 0]])
        #expect(Linear.run(narrow, rowsAreInputs: false, hidden: []) == [])
    }

    @Test func callsThatMakeNoSenseAreRefused() {
        var random = SeededRandom()
        let good = StoredMatrix.random(MOE_WEIGHT_F32, rows: 64, columns: 64, using: &random)
        let hidden = [random.floats(64)]
        var bad = good
        bad.type = moe_weight_type(rawValue: 99)
        #expect(Linear.run(bad, rowsAreInputs: false, hidden: hidden) == nil)
        bad = good
        bad.scaleType = MOE_SCALE_F32  // Only 8- and 4-bit types have scales.
        #expect(Linear.run(bad, rowsAreInputs: false, hidden: hidden) == nil)
        bad = StoredMatrix(rows: 1, columns: 64, type: MOE_WEIGHT_F8_E4M3, elements: [UInt8](repeating: 0, count: 64))
        bad.scaleType = MOE_SCALE_F32
        bad.blockColumns = 0
        #expect(Linear.run(bad, rowsAreInputs: false, hidden: hidden) == nil)
        #expect(Linear.run(good, rowsAreInputs: true, hidden: hidden, outputs: 16..<32) == nil)
        #expect(Linear.run(good, rowsAreInputs: false, hidden: hidden, outputs: 60..<65) == nil)
        #expect(Linear.run(good, rowsAreInputs: false, hidden: hidden, outputs: 65..<65) == nil)
    }
}
