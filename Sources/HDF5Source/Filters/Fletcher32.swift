/// The checksum of HDF5's fletcher32 filter: Fletcher's over big-endian 16-bit words, an odd last byte as the high one.
enum Fletcher32 {
    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var first: UInt32 = 0
        var second: UInt32 = 0
        var position = 0
        let words = bytes.count / 2
        while position < words {
            // 360 words is the most that cannot overflow 32 bits before sums are folded.
            let end = min(position + 360, words)
            while position < end {
                // 2 · position + 1 is below 2 · words, which is at most the count.
                first &+= UInt32(unsafe bytes.loadUnaligned(fromByteOffset: 2 &* position, as: UInt16.self).bigEndian)
                second &+= first
                position &+= 1
            }
            first = first & 0xFFFF &+ first >> 16
            second = second & 0xFFFF &+ second >> 16
        }
        if bytes.count % 2 == 1 {
            first &+= UInt32(unsafe bytes[bytes.count - 1]) << 8
            second &+= first
            first = first & 0xFFFF &+ first >> 16
            second = second & 0xFFFF &+ second >> 16
        }
        first = first & 0xFFFF &+ first >> 16
        second = second & 0xFFFF &+ second >> 16
        return second << 16 | first
    }

    /// Whether a stored checksum fits; libraries up to 1.6.2 swapped the bytes of both halves on some machines.
    static func matches(stored: UInt32, computed: UInt32) -> Bool {
        let swapped = (computed & 0x00FF_00FF) << 8 | (computed & 0xFF00_FF00) >> 8
        return stored == computed || stored == swapped
    }
}
