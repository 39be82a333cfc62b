/// Turns numbers around in place.
enum ByteSwap {
    /// Reverses the bytes of each element of 2, 4 or 8 bytes; any other width changes nothing.
    static func reverse(_ elements: UnsafeMutableRawBufferPointer, width: Int) {
        switch width {
        case 2: unsafe reverse(elements, as: UInt16.self)
        case 4: unsafe reverse(elements, as: UInt32.self)
        case 8: unsafe reverse(elements, as: UInt64.self)
        default: return
        }
    }

    private static func reverse<Number: FixedWidthInteger & BitwiseCopyable>(
        _ elements: UnsafeMutableRawBufferPointer, as _: Number.Type
    ) {
        let width = MemoryLayout<Number>.size
        // Whole elements only, all inside the buffer.
        for index in 0..<(elements.count / width) {
            let number = unsafe elements.loadUnaligned(fromByteOffset: index &* width, as: Number.self)
            unsafe elements.storeBytes(of: number.byteSwapped, toByteOffset: index &* width, as: Number.self)
        }
    }
}
