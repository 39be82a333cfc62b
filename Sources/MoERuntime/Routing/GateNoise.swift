/// Normally distributed noise that depends on its key alone, not on when or where it is drawn.
///
/// A key is (seed, layer, token, row): a token's noise is the same however a batch is split. Philox4x32-10 (Salmon et al.
/// 2011) turns it into uniform numbers, Marsaglia's polar method those into a normal one.
struct GateNoise: Sendable {
    let seed: UInt64
    let layer: Int

    /// The noise of one logit: N(0, 1).
    func sample(token: Int, row: Int) -> Double {
        // About one pair in five lies outside the circle; 64 in a row never do in practice, and then 0 is as good.
        for attempt in 0..<UInt32(64) {
            let words = Philox.words(
                counter: [
                    UInt32(truncatingIfNeeded: token), UInt32(truncatingIfNeeded: token >> 32) ^ attempt << 16,
                    UInt32(truncatingIfNeeded: row), UInt32(truncatingIfNeeded: layer),
                ],
                key: [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)])
            let u = Self.uniform(words[0], words[1])
            let v = Self.uniform(words[2], words[3])
            let square = u * u + v * v
            if square > 0, square < 1 { return u * (-2 * Elementary.log(square) / square).squareRoot() }
        }
        return 0
    }

    /// A number in (−1, 1) from 53 of 64 random bits.
    private static func uniform(_ high: UInt32, _ low: UInt32) -> Double {
        let bits = (UInt64(high) << 32 | UInt64(low)) >> 11
        return (Double(bits) + 0.5) * 0x1p-52 - 1
    }
}

/// The counter-based generator Philox4x32 with ten rounds.
enum Philox {
    static func words(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var counter = counter
        var key = key
        for _ in 0..<10 {
            let a = counter[0].multipliedFullWidth(by: 0xD251_1F53)
            let b = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
            counter = [b.high ^ counter[1] ^ key[0], b.low, a.high ^ counter[3] ^ key[1], a.low]
            key &+= SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return counter
    }
}
