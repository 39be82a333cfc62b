/// libFuzzer's own mutator.
@_silgen_name("LLVMFuzzerMutate")
private func libFuzzerMutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int) -> Int

/// Bytes being mutated, with a generator that libFuzzer seeds.
struct MutationSource {
    let bytes: UnsafeMutablePointer<UInt8>
    var count: Int
    let limit: Int
    private var state: UInt64

    init(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, seed: UInt32) {
        self.bytes = bytes
        self.count = count
        self.limit = limit
        state = UInt64(seed) | 1 << 40
    }

    mutating func random(below bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return bound <= 1 ? 0 : Int((state >> 33) % UInt64(bound))
    }

    /// Mutates everything, the length too.
    mutating func mutateAll() { count = libFuzzerMutate(bytes, count, limit) }

    /// Mutates a range in place; its length stays.
    func mutate(_ range: Range<Int>) {
        guard !range.isEmpty, range.upperBound <= count else { return }
        let old = (range).map { bytes[$0] }
        let length = libFuzzerMutate(bytes + range.lowerBound, range.count, range.count)
        // What a shorter result leaves open keeps what was there.
        for index in length..<max(length, range.count) { bytes[range.lowerBound + index] = old[index] }
    }

    /// Replaces a range by a mutation of itself that may be longer or shorter; what follows moves. Returns the change of length.
    mutating func mutateResizing(_ range: Range<Int>) -> Int {
        guard range.upperBound <= count, limit > count else { return 0 }
        var piece = range.map { bytes[$0] }
        let room = range.count + min(limit - count, 512)
        piece += [UInt8](repeating: 0, count: room - piece.count)
        let length = piece.withUnsafeMutableBufferPointer { libFuzzerMutate($0.baseAddress!, range.count, room) }
        let tail = (range.upperBound..<count).map { bytes[$0] }
        for (index, byte) in (piece[..<length] + tail[...]).enumerated() { bytes[range.lowerBound + index] = byte }
        count = range.lowerBound + length + tail.count
        return length - range.count
    }

    func load(_ offset: Int, width: Int) -> UInt64 {
        guard offset >= 0, offset <= count - width else { return 0 }
        return (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    func store(_ value: UInt64, at offset: Int, width: Int) {
        guard offset >= 0, offset <= count - width else { return }
        for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }

    /// A number that is likely to be at an edge of something.
    mutating func interestingNumber(near old: UInt64) -> UInt64 {
        switch random(below: 12) {
        case 0: return 0
        case 1: return 1
        case 2: return .max
        case 3: return UInt64(UInt32.max)
        case 4: return 1 << 63
        case 5: return UInt64(1) << UInt64(random(below: 64))
        case 6: return (UInt64(1) << UInt64(random(below: 64))) &- 1
        case 7: return UInt64(count)
        case 8: return old &+ 1
        case 9: return old &- 1
        case 10: return old &* UInt64(random(below: 9))
        default: return UInt64(random(below: 256))
        }
    }
}
