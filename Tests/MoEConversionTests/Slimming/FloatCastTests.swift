import MoEFormat
import Testing

@testable import MoEConversion

/// Rounding, against the processor's own and against what the formats say of themselves.
@Suite struct FloatCastTests {
    private func cast(_ values: [Float], to dtype: Dtype) -> ([UInt16], CastOutcome) {
        var result = [UInt16](repeating: 0, count: values.count)
        let outcome = values.withUnsafeBytes { source in
            result.withUnsafeMutableBytes { FloatCast.cast(source, of: .f32, into: $0, of: dtype) }
        }
        return (result, outcome)
    }

    /// Every value of a narrow format comes back from a wide one as it was, NaNs with their payload included.
    @Test func everyNarrowValueSurvives() {
        for bits in UInt16.min...UInt16.max {
            let half = Binary32.nearest(to: Binary16.binary64(bits))
            #expect(half.isExact)
            #expect(Binary16.nearest(to: Binary32.binary64(half.bits)).bits == bits)
            let brain = Binary32.nearest(to: BFloat16.binary64(bits))
            #expect(brain.bits == UInt32(bits) << 16 && brain.isExact)
            #expect(BFloat16.nearest(to: Binary32.binary64(brain.bits)).bits == bits)
        }
    }

    @Test func bfloat16AsTheUpperHalf() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        for _ in 0..<100_000 {
            let bits = UInt32.random(in: 0...UInt32.max, using: &generator)
            let value = Float(bitPattern: bits)
            guard !value.isNaN else { continue }
            // The well-known addition: half of the last place, and one less where the kept part is even.
            let expected = UInt16(truncatingIfNeeded: (UInt64(bits) + 0x7FFF + UInt64(bits >> 16 & 1)) >> 16)
            #expect(BFloat16.nearest(to: Binary32.binary64(bits)).bits == expected)
        }
    }

    @Test func binary32AsTheProcessorRounds() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        for round in 0..<100_000 {
            var value = Double(bitPattern: .random(in: 0...UInt64.max, using: &generator))
            // Most random patterns lie far outside: half of them are brought near the format's ends.
            if round % 2 == 0 {
                value = Double(
                    sign: .plus, exponent: Int.random(in: -155...130, using: &generator),
                    significand: .random(in: 1..<2, using: &generator))
            }
            guard !value.isNaN else { continue }
            let (bits, isExact) = Binary32.nearest(to: value.bitPattern)
            #expect(bits == Float(value).bitPattern)
            #expect(isExact == (Double(Float(value)) == value))
        }
    }

    #if !(os(macOS) && arch(x86_64))
    @Test func binary16AsTheProcessorRounds() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        for _ in 0..<100_000 {
            let value = Double(
                sign: .minus, exponent: Int.random(in: -30...18, using: &generator),
                significand: .random(in: 1..<2, using: &generator))
            #expect(Binary16.nearest(to: value.bitPattern).bits == Float16(value).bitPattern)
            let float = Float(value)
            #expect(Binary16.nearest(to: Binary32.binary64(float.bitPattern)).bits == Float16(float).bitPattern)
        }
    }
    #endif

    @Test func outcomesAreCounted() {
        let (bits, outcome) = cast(
            [1, 1.0001, 70_000, -1e-30, .infinity, .nan, 65_504, 65_519.99, 65_520, 0], to: .f16)
        #expect(
            bits[0] == 0x3C00 && bits[2] == 0x7C00 && bits[3] == 0x8000 && bits[4] == 0x7C00 && bits[6] == 0x7BFF
                && bits[7] == 0x7BFF && bits[8] == 0x7C00)
        #expect(outcome.elements == 10 && outcome.overflowed == 2 && outcome.vanished == 1 && outcome.rounded == 5)
        #expect(outcome.largest == 70_000)
    }
}
