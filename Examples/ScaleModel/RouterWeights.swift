import Foundation

/// The router of one layer: bfloat16 weights [experts, hidden] from the normal distribution, which no code compresses much.
struct RouterWeights {
    let words: [UInt16]
    private let hidden: Int

    init(layer: Int, experts: Int, hidden: Int) {
        self.hidden = hidden
        var random = SeededNormal(seed: UInt64(layer))
        // Logits of an input of unit variance then have the deviation 2.
        let scale = 2 / Float(hidden).squareRoot()
        words = (0..<experts * hidden).map { _ in
            UInt16(truncatingIfNeeded: (scale * random.next()).bitPattern >> 16)
        }
    }

    func logit(ofExpert expert: Int, _ x: ArraySlice<Float>) -> Double {
        zip(words[expert * hidden..<(expert + 1) * hidden], x).reduce(0) { sum, pair in
            sum + Double(Float(bitPattern: UInt32(pair.0) << 16)) * Double(pair.1)
        }
    }
}

/// Normally distributed numbers, the same for a seed on every machine up to the last bits of sine and logarithm.
struct SeededNormal {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 0xD1B5_4A32_D192_ED03 }

    /// SplitMix64.
    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    mutating func next() -> Float {
        // Box and Muller's transform of two numbers in (0, 1].
        let u = Double(bits() >> 11 + 1) * 0x1p-53
        let v = Double(bits() >> 11 + 1) * 0x1p-53
        return Float((-2 * log(u)).squareRoot() * cos(2 * .pi * v))
    }
}
