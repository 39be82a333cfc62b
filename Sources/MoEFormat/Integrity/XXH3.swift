internal import CMoESystem
internal import CXXHash

/// The two hashes of the format: XXH3 with seed 0.
///
/// Every `unsafe` here hands the library a pointer and a length that come from one buffer, for the length of the call.
package enum XXH3 {
    /// XXH3-64 of some bytes.
    package static func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        unsafe XXH3_64bits(bytes.baseAddress, bytes.count)
    }

    /// XXH3-64 of mapped bytes; nil when they cannot be read.
    package static func hash64(ofMapped bytes: UnsafeRawBufferPointer) -> UInt64? {
        var hash: UInt64 = 0
        let isRead = unsafe moe_guarded_hash64({ unsafe XXH3_64bits($0, $1) }, bytes.baseAddress, bytes.count, &hash)
        return isRead ? hash : nil
    }

    /// XXH3-64 of some bytes.
    package static func hash64(_ bytes: [UInt8]) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe hash64($0) }
    }

    /// XXH3-64 of the UTF-8 of a name.
    package static func hash64(ofName name: String) -> UInt64 { hash64(Array(name.utf8)) }
}

/// The XXH3-128 of a tensor's decoded bytes: equal for equal content, wherever and however it is stored.
public struct ContentHash: Hashable, Sendable {
    public let low: UInt64
    public let high: UInt64

    public init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }
}

extension ContentHash: CustomStringConvertible {
    /// 32 hexadecimal digits, most significant first.
    public var description: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Computes a content hash from bytes that arrive in pieces. Owned by one thread at a time.
///
/// The state lives in memory of its own from `init` to `deinit`, and only these methods touch it.
@safe
package final class ContentHasher {
    private let state: UnsafeMutableRawPointer

    package init() {
        unsafe state = UnsafeMutableRawPointer.allocate(byteCount: moe_xxh3_state_size(), alignment: 64)
        unsafe moe_xxh3_begin(state)
    }

    deinit { unsafe state.deallocate() }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe moe_xxh3_update(state, bytes.baseAddress, bytes.count)
    }

    /// The hash of everything so far.
    package var value: ContentHash {
        let digest = unsafe moe_xxh3_digest(state)
        return ContentHash(low: digest.low64, high: digest.high64)
    }
}
