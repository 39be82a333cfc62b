import CMoEKernels
import Testing

@Suite struct PlaneTests {
    static let lengths = [0, 1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 200]

    @Test(arguments: Level.possible, [1, 2, 4, 8])
    func splitsAsDefinedAndMergesBack(level: Level, width: Int) {
        var random = SeededRandom()
        for rotation in 0..<8 * width {
            for elements in [Self.lengths.randomElement(using: &random)!, Int.random(in: 0...300, using: &random)] {
                let source = random.bytes(elements * width)
                let shift = Int.random(in: 0...7, using: &random)
                let expected = Planes.reference(source, width: width, rotation: rotation)
                level.use {
                    let planes = Planes.split(source, width: width, rotation: rotation, shift: shift)
                    #expect(planes == expected, "seed \(random.seed), rotation \(rotation), \(elements) elements")
                    let merged = Planes.merge(expected, rotation: rotation, shift: shift)
                    #expect(merged == source, "seed \(random.seed), rotation \(rotation), \(elements) elements")
                }
            }
        }
    }

    @Test(arguments: Level.possible, [1, 2, 4, 8])
    func everyLengthSplitsAndMerges(level: Level, width: Int) {
        var random = SeededRandom()
        for elements in Self.lengths {
            let source = random.bytes(elements * width)
            let expected = Planes.reference(source, width: width, rotation: 1)
            level.use {
                #expect(Planes.split(source, width: width, rotation: 1, shift: 1) == expected, "seed \(random.seed)")
                #expect(Planes.merge(expected, rotation: 1, shift: 1) == source, "seed \(random.seed)")
            }
        }
    }

    @Test(arguments: Level.possible, [1, 2, 4, 8])
    func aConstantPlaneNeedsNoMemory(level: Level, width: Int) {
        var random = SeededRandom()
        for elements in Self.lengths {
            var planes = (0..<width).map { _ in random.bytes(elements) }
            let constants = Set((0..<width).filter { _ in Bool.random(using: &random) })
            for p in constants {
                planes[p] = [UInt8](repeating: UInt8.random(in: 0 ... .max, using: &random), count: elements)
            }
            let rotation = Int.random(in: 0..<8 * width, using: &random)
            level.use {
                let whole = Planes.merge(planes, rotation: rotation, shift: 3)
                let mixed = Planes.merge(planes, constants: constants, rotation: rotation, shift: 3)
                #expect(mixed == whole, "seed \(random.seed), \(elements) elements, constant \(constants)")
            }
        }
    }

    @Test(arguments: [(3, 0), (0, 0), (16, 0), (1, 8), (2, 16), (4, 32), (8, 64)])
    func otherWidthsAndRotationsAreRefused(width: Int, rotation: Int) {
        let pointers = [UnsafeMutablePointer<UInt8>?](repeating: nil, count: 16)
        #expect(!moe_planes_split([], 0, UInt32(width), UInt32(rotation), pointers))
        var nothing: UInt8 = 0
        let planes = [UnsafePointer<UInt8>?](repeating: nil, count: 16)
        #expect(!moe_planes_merge(planes, 0, UInt32(width), UInt32(rotation), &nothing))
    }

    @Test func aPlaneIsConstantIfAllItsBytesAreEqual() {
        #expect(moe_plane_is_constant([], 0))
        #expect(moe_plane_is_constant([7], 1))
        #expect(moe_plane_is_constant([UInt8](repeating: 9, count: 1000), 1000))
        for place in [0, 1, 500, 999] {
            var bytes = [UInt8](repeating: 9, count: 1000)
            bytes[place] = 8
            #expect(!moe_plane_is_constant(bytes, 1000))
        }
    }
}
