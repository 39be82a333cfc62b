import MoESystem
import Testing

@testable import MoERuntime

@Suite struct SlotPoolTests {
    /// Two bytes of each slot, which no other slot may share.
    private static func mark(_ slot: SlotMemory, _ value: UInt8) {
        unsafe slot.bytes[0] = value
        unsafe slot.bytes[slot.bytes.count - 1] = value
    }

    private static func isMarked(_ slot: SlotMemory, _ value: UInt8) -> Bool {
        unsafe slot.bytes[0] == value && slot.bytes[slot.bytes.count - 1] == value
    }

    /// Small ones, such that lie side by side, and such of several large pages.
    @Test(arguments: [64, 1000, 65_536, 300_000, 1_179_648, 2 << 20, 5_000_000])
    func slotsAreMemoryOfTheirOwn(bytes: Int) {
        let pool = SlotPool(byteLimit: 20 * bytes)
        let slots = (0..<20).map { _ in pool.take(byteCount: bytes) }
        for (number, slot) in slots.enumerated() { Self.mark(slot, UInt8(number)) }
        for (number, slot) in slots.enumerated() {
            #expect(unsafe slot.bytes.count == bytes)
            #expect(Self.isMarked(slot, UInt8(number)))
            let alignment = bytes >= 65_536 ? 4096 : 64
            #expect(unsafe Int(bitPattern: slot.bytes.baseAddress) % alignment == 0)
        }
        #expect(pool.byteCounts == (20 * bytes, 0))
    }

    /// What an evicted block leaves is what the next of its size gets.
    @Test func memoryIsUsedAgain() {
        let pool = SlotPool(byteLimit: 1_000_000)
        let first = unsafe pool.take(byteCount: 400_000).bytes.baseAddress
        #expect(unsafe pool.take(byteCount: 400_000).bytes.baseAddress == first)
    }

    /// Several slots are made at once, but no more than the budget has room for.
    @Test(arguments: [0, 1, 2, 3, 10, 1000])
    func memoryIsMadeBeforehandWithinTheLimit(room: Int) {
        let bytes = 100_000
        let pool = SlotPool(byteLimit: room * bytes + 5)
        let slot = pool.take(byteCount: bytes)
        let (used, idle) = pool.byteCounts
        #expect(used == bytes)
        #expect(idle == max(0, min(room, SlotRun.byteCount / 102_400) - 1) * bytes)
        _ = slot
    }

    /// What is made beforehand is what the next block gets, and takes no more than the limit allows.
    @Test(arguments: [70_000, 700_000, 5_000_000])
    func memoryIsPreparedWithinTheLimit(bytes: Int) {
        let pool = SlotPool(byteLimit: 2 * bytes)
        #expect(pool.isShort(of: bytes))
        pool.prepare(byteCount: bytes)
        #expect(!pool.isShort(of: bytes))
        let idle = pool.byteCounts.idle
        #expect(idle == bytes || idle == 2 * bytes)
        pool.prepare(byteCount: bytes)
        #expect(pool.byteCounts == (0, idle))
        let slots = (0..<2).map { _ in pool.take(byteCount: bytes) }
        for (number, slot) in slots.enumerated() { Self.mark(slot, UInt8(number)) }
        #expect(slots.indices.allSatisfy { Self.isMarked(slots[$0], UInt8($0)) })
        #expect(pool.byteCounts == (2 * bytes, 0))
        // There is no room for more.
        #expect(!pool.isShort(of: bytes))
        pool.prepare(byteCount: bytes)
        #expect(pool.byteCounts == (2 * bytes, 0))
    }

    /// Blocks of all sizes come and go, the limit changes: kept and used memory stay within it, as far as what is used does, and
    /// no slot is lent twice.
    @Test(arguments: 1..<12) func theLimitIsKept(seed: UInt64) {
        var state = seed &* 0x9E37_79B9_7F4A_7C15
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        let sizes = [64, 5000, 70_000, 100_000, 700_001, 2_500_000]
        var limit = 6_000_000
        let pool = SlotPool(byteLimit: limit)
        var lent: [(slot: SlotMemory, mark: UInt8)] = []
        for step in 0..<600 {
            switch random(5) {
            case 0, 1, 2:
                let bytes = sizes[random(sizes.count)]
                guard lent.reduce(bytes, { unsafe $0 + $1.slot.bytes.count }) <= limit else { continue }
                let slot = pool.take(byteCount: bytes)
                Self.mark(slot, UInt8(step % 251))
                lent.append((slot, UInt8(step % 251)))
            case 3 where !lent.isEmpty:
                let (slot, mark) = lent.remove(at: random(lent.count))
                #expect(Self.isMarked(slot, mark), "seed \(seed), step \(step)")
            default:
                if random(4) == 0 { pool.prepare(byteCount: sizes[random(sizes.count)]) }
                guard random(8) == 0 else { continue }
                limit = max(1_000_000 + random(8_000_000), lent.reduce(0) { unsafe $0 + $1.slot.bytes.count })
                pool.setByteLimit(limit)
            }
            let (used, idle) = pool.byteCounts
            #expect(used == lent.reduce(0) { unsafe $0 + $1.slot.bytes.count }, "seed \(seed), step \(step)")
            #expect(used + idle <= limit, "seed \(seed), step \(step)")
        }
        for (slot, mark) in lent { #expect(Self.isMarked(slot, mark), "seed \(seed)") }
    }

    @Test func severalThreadsTakeAndGive() async {
        let pool = SlotPool(byteLimit: 4_000_000)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for step in 0..<300 {
                        if step % 7 == 0 { pool.prepare(byteCount: 300_000) }
                        let slot = pool.take(byteCount: [100_000, 300_000, 64][(step + thread) % 3])
                        Self.mark(slot, UInt8(thread))
                        #expect(Self.isMarked(slot, UInt8(thread)))
                    }
                }
            }
        }
        let (used, idle) = pool.byteCounts
        #expect(used == 0 && idle <= 4_000_000)
    }
}
