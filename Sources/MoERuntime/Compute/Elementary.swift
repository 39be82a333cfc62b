/// The transcendental functions of routing and activations, from additions and multiplications alone.
///
/// The system's own differ in the last bit between C libraries and processors; these give the same bits everywhere.
/// Double precision inside: results are right to a few units in the last place of a `Double`, thus exact as a `Float` but
/// for ties.
enum Elementary {
    /// eˣ; NaN for NaN.
    static func exp(_ x: Double) -> Double {
        guard x > -746 else { return x.isNaN ? x : 0 }
        guard x < 710 else { return x.isNaN ? x : .infinity }
        // x = k·ln 2 + r with |r| ≤ ln 2 / 2; adding and taking away 1.5·2⁵² rounds to an integer.
        let k = (x * 0x1.71547652b82fep+0 + 0x1.8p+52) - 0x1.8p+52
        let r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33
        let r2 = r * r
        let r4 = r2 * r2
        // Σ rⁿ/n! up to n = 13, whose remainder is below 2⁻⁵⁷.
        let low = (1 + r) + r2 * (0.5 + r * (1.0 / 6))
        let middle = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040))
        let high = (1.0 / 40_320 + r * (1.0 / 362_880)) + r2 * (1.0 / 3_628_800 + r * (1.0 / 39_916_800))
        let highest = 1.0 / 479_001_600 + r * (1.0 / 6_227_020_800)
        let sum = low + r4 * (middle + r4 * (high + r4 * highest))
        // 2ᵏ in two factors, since k reaches from −1077 to 1025.
        let whole = Int64(k)
        let half = whole >> 1
        return sum * powerOfTwo(half) * powerOfTwo(whole - half)
    }

    /// 2ᵏ for k from −1022 to 1023.
    private static func powerOfTwo(_ k: Int64) -> Double {
        Double(bitPattern: UInt64(bitPattern: k &+ 1023) << 52)
    }

    /// The natural logarithm; −∞ for 0, NaN below.
    static func log(_ x: Double) -> Double {
        guard x > 0 else { return x == 0 ? -.infinity : .nan }
        guard x < .infinity else { return x }
        var exponent = Double(x.exponent)
        var mantissa = x.significand
        if mantissa > 1.4142135623730951 {
            mantissa *= 0.5
            exponent += 1
        }
        let z = (mantissa - 1) / (mantissa + 1)
        return exponent * 0x1.62e42fee00000p-1 + (2 * inverseTanh(z) + exponent * 0x1.a39ef35793c76p-33)
    }

    /// ln(1 + eˣ), without overflow and without losing small results.
    static func softplus(_ x: Double) -> Double {
        guard !x.isNaN else { return x }
        let u = exp(-abs(x))
        return max(x, 0) + 2 * inverseTanh(u / (2 + u))
    }

    /// artanh z for |z| ≤ 1/3 by its series.
    private static func inverseTanh(_ z: Double) -> Double {
        let square = z * z
        var sum = 0.0
        var n = 35.0
        while n >= 1 {
            sum = sum * square + 1 / n
            n -= 2
        }
        return z * sum
    }

    /// 1 / (1 + e⁻ˣ).
    static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    static func tanh(_ x: Double) -> Double {
        // Near 0 the quotient would lose what it subtracts; there the series is exact enough.
        guard abs(x) >= 0.02 else {
            let s = x * x
            return x * (1 - s * (1.0 / 3 - s * (2.0 / 15 - s * (17.0 / 315 - s * (62.0 / 2835)))))
        }
        let u = exp(-2 * abs(x))
        let magnitude = (1 - u) / (1 + u)
        return x < 0 ? -magnitude : magnitude
    }

    /// The error function, by e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (1·3·5…(2n+1)), whose terms are all of one sign.
    static func erf(_ x: Double) -> Double {
        guard abs(x) < 6 else { return x.isNaN ? x : (x < 0 ? -1 : 1) }
        let square = 2 * x * x
        var term = x
        var sum = x
        var n = 3.0
        while abs(term) > abs(sum) * 0x1p-56 {
            term *= square / n
            sum += term
            n += 2
        }
        return 1.1283791670955126 * exp(-x * x) * sum
    }

    /// xᵖ for x ≥ 0.
    static func power(_ x: Double, _ p: Double) -> Double {
        if p == 1 { return x }
        if p == 2 { return x * x }
        return x == 0 ? 0 : exp(p * log(x))
    }
}
