/// The shuffle filter: byte j of all elements lies together, plane after plane. Bytes beyond the last whole element stay.
enum ByteShuffle {
    /// Puts planes back into elements.
    ///
    /// `planes` and `elements` have the same count and do not overlap; `elementSize` is positive.
    static func merge(
        planes: UnsafeRawBufferPointer, elementSize: Int, into elements: UnsafeMutableRawBufferPointer
    ) {
        let count = planes.count / elementSize
        guard elementSize > 1, count > 1, let source = planes.baseAddress, let target = elements.baseAddress
        else { return unsafe elements.copyMemory(from: planes) }
        // Plane j is the `count` bytes from j · count on, and element i the `elementSize` bytes from i · elementSize on:
        // both lie inside buffers of at least count · elementSize bytes.
        switch elementSize {
        case 2: unsafe merge2(source, count, target)
        case 4: unsafe merge4(source, count, target)
        case 8: unsafe merge8(source, count, target)
        default:
            for plane in 0..<elementSize {
                let bytes = unsafe source + plane * count
                for index in 0..<count {
                    unsafe target.storeBytes(
                        of: bytes.load(fromByteOffset: index, as: UInt8.self),
                        toByteOffset: index * elementSize + plane,
                        as: UInt8.self)
                }
            }
        }
        let whole = count * elementSize
        if whole < planes.count {
            unsafe (target + whole).copyMemory(from: source + whole, byteCount: planes.count - whole)
        }
    }

    // The loops below become vector code: bytes widened, shifted and joined.

    private static func merge2(_ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer) {
        for index in 0..<count {
            let low = UInt16(unsafe source.load(fromByteOffset: index, as: UInt8.self))
            let high = UInt16(unsafe source.load(fromByteOffset: index &+ count, as: UInt8.self))
            unsafe target.storeBytes(of: (low | high &<< 8).littleEndian, toByteOffset: index &* 2, as: UInt16.self)
        }
    }

    private static func merge4(_ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer) {
        for index in 0..<count {
            let b0 = UInt32(unsafe source.load(fromByteOffset: index, as: UInt8.self))
            let b1 = UInt32(unsafe source.load(fromByteOffset: index &+ count, as: UInt8.self))
            let b2 = UInt32(unsafe source.load(fromByteOffset: index &+ 2 &* count, as: UInt8.self))
            let b3 = UInt32(unsafe source.load(fromByteOffset: index &+ 3 &* count, as: UInt8.self))
            let element = b0 | b1 &<< 8 | b2 &<< 16 | b3 &<< 24
            unsafe target.storeBytes(of: element.littleEndian, toByteOffset: index &* 4, as: UInt32.self)
        }
    }

    private static func merge8(_ source: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer) {
        for index in 0..<count {
            var element: UInt64 = 0
            for plane in 0..<8 {
                let byte = UInt64(unsafe source.load(fromByteOffset: index &+ plane &* count, as: UInt8.self))
                element |= byte &<< UInt64(8 &* plane)
            }
            unsafe target.storeBytes(of: element.littleEndian, toByteOffset: index &* 8, as: UInt64.self)
        }
    }
}
