/// SHA-256, FIPS 180-4: a content security policy names scripts by it.
enum SHA256 {
    /// The digest of some bytes in base 64, as policies write it.
    static func base64(of message: [UInt8]) -> String {
        let digest = digest(of: message)
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: digest.count, by: 3) {
            let group = digest[start..<min(start + 3, digest.count)]
            let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for sextet in 0..<4 { text.append(sextet <= group.count ? alphabet[bits >> (18 - 6 * sextet) & 63] : "=") }
        }
        return text
    }

    static func digest(of message: [UInt8]) -> [UInt8] {
        var padded = message + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
        let bitCount = UInt64(message.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) }
        var hash = initial
        for start in stride(from: 0, to: padded.count, by: 64) { compress(padded[start..<start + 64], into: &hash) }
        return hash.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
    }

    /// One block of 64 bytes.
    private static func compress(_ block: ArraySlice<UInt8>, into hash: inout [UInt32]) {
        var words = stride(from: block.startIndex, to: block.endIndex, by: 4).map { start in
            block[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for index in 16..<64 {
            let (a, b) = (words[index - 15], words[index - 2])
            let small = rotated(a, 7) ^ rotated(a, 18) ^ a >> 3
            words.append(words[index - 16] &+ small &+ words[index - 7] &+ (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10))
        }
        var state = hash
        for index in 0..<64 {
            let (a, e) = (state[0], state[4])
            let choice = e & state[5] ^ ~e & state[6]
            let majority = a & state[1] ^ a & state[2] ^ state[1] & state[2]
            let first =
                state[7] &+ (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) &+ choice &+ constants[index]
                &+ words[index]
            let second = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) &+ majority
            state = [first &+ second, a, state[1], state[2], state[3] &+ first, e, state[5], state[6]]
        }
        for index in 0..<8 { hash[index] &+= state[index] }
    }

    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word >> bits | word << (32 - bits) }

    private static let primes: [Int] = (2...311).filter { number in
        !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 }
    }

    /// The first 32 bits of the fractions of the square roots of the first 8 primes.
    private static let initial = primes.prefix(8).map { fraction(of: Double($0).squareRoot()) }
    /// The same of the cube roots of the first 64.
    private static let constants = primes.prefix(64).map { fraction(of: cubeRoot(Double($0))) }

    private static func fraction(of value: Double) -> UInt32 {
        UInt32((value - value.rounded(.down)) * 0x1p32)
    }

    /// By Newton's method from above, until it no longer falls.
    private static func cubeRoot(_ value: Double) -> Double {
        var root = value
        while case let next = root - (root * root * root - value) / (3 * root * root), next < root { root = next }
        return root
    }
}
