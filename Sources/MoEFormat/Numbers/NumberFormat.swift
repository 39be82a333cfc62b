/// How the bytes of elements read as numbers, once dtype and quantisation scheme are put together.
///
/// Every number is exact but integers beyond 2⁵³, which are rounded to the nearest `Double`.
package enum NumberFormat: Hashable, Sendable {
    case u8, i8, u16, i16, u32, i32, u64, i64
    case f16, bf16, f32, f64
    case f8E4M3, f8E5M2, f8E8M0
    /// Two E2M1 codes a byte.
    case e2m1(QuantizationScheme.Nibbles)

    /// The format of elements of a dtype, or nil when they are no numbers or the scheme is not theirs.
    package init?(_ dtype: Dtype, scheme: QuantizationScheme? = nil) {
        guard let scheme else {
            switch dtype {
            case .bool, .u8: self = .u8
            case .i8: self = .i8
            case .u16: self = .u16
            case .i16: self = .i16
            case .u32: self = .u32
            case .i32: self = .i32
            case .u64: self = .u64
            case .i64: self = .i64
            case .f16: self = .f16
            case .bf16: self = .bf16
            case .f32: self = .f32
            case .f64: self = .f64
            case .f8E4M3: self = .f8E4M3
            case .f8E5M2: self = .f8E5M2
            case .f8E8M0: self = .f8E8M0
            case .opaque, .unknown: return nil
            }
            return
        }
        guard dtype.byteCount == 1 else { return nil }
        switch scheme.element {
        case .f8E4M3: self = .f8E4M3
        case .f8E5M2: self = .f8E5M2
        case .mxfp4: self = .e2m1(scheme.nibbles)
        case .i8: self = .i8
        case .u8: self = .u8
        case .unknown: return nil
        }
    }

    /// Values that an element holds.
    package var valuesPerElement: Int {
        if case .e2m1 = self { return 2 }
        return 1
    }

    /// Reads values `first ..< first + count` of the elements in `bytes`, which hold them all, into `destination`, which has
    /// room for them.
    ///
    /// - Precondition: both hold what is said.
    package func read(
        _ bytes: UnsafeRawBufferPointer, from first: Int, count: Int,
        into destination: UnsafeMutableBufferPointer<Double>
    ) {
        unsafe precondition(count <= destination.count)
        switch self {
        case .u8: unsafe Self.map(bytes, first, count, destination) { (bits: UInt8) in Double(bits) }
        case .i8: unsafe Self.map(bytes, first, count, destination) { (bits: Int8) in Double(bits) }
        case .u16: unsafe Self.map(bytes, first, count, destination) { (bits: UInt16) in Double(bits) }
        case .i16: unsafe Self.map(bytes, first, count, destination) { (bits: Int16) in Double(bits) }
        case .u32: unsafe Self.map(bytes, first, count, destination) { (bits: UInt32) in Double(bits) }
        case .i32: unsafe Self.map(bytes, first, count, destination) { (bits: Int32) in Double(bits) }
        case .u64: unsafe Self.map(bytes, first, count, destination) { (bits: UInt64) in Double(bits) }
        case .i64: unsafe Self.map(bytes, first, count, destination) { (bits: Int64) in Double(bits) }
        case .f16: unsafe Self.map(bytes, first, count, destination) { Double(NarrowFloat.f16($0)) }
        case .bf16: unsafe Self.map(bytes, first, count, destination) { Double(NarrowFloat.bf16($0)) }
        case .f32: unsafe Self.map(bytes, first, count, destination) { Double(Float(bitPattern: $0)) }
        case .f64: unsafe Self.map(bytes, first, count, destination) { Double(bitPattern: $0) }
        case .f8E4M3: unsafe Self.map(bytes, first, count, destination) { Double(NarrowFloat.e4m3($0)) }
        case .f8E5M2: unsafe Self.map(bytes, first, count, destination) { Double(NarrowFloat.e5m2($0)) }
        case .f8E8M0: unsafe Self.map(bytes, first, count, destination) { Double(NarrowFloat.e8m0($0)) }
        case .e2m1(let nibbles):
            unsafe precondition(first >= 0 && (first + count + 1) / 2 <= bytes.count)
            for index in 0..<count {
                let byte = unsafe bytes[(first + index) / 2]
                let isLow = ((first + index) % 2 == 0) == (nibbles == .lowFirst)
                unsafe destination[index] = Double(NarrowFloat.e2m1(isLow ? byte & 15 : byte >> 4))
            }
        }
    }

    @inline(__always)
    private static func map<Bits: FixedWidthInteger>(
        _ bytes: UnsafeRawBufferPointer, _ first: Int, _ count: Int, _ destination: UnsafeMutableBufferPointer<Double>,
        _ value: (Bits) -> Double
    ) {
        let width = MemoryLayout<Bits>.size
        // With the destination's room, which was checked, this is what keeps the accesses below inside both buffers.
        unsafe precondition(first >= 0 && count >= 0 && (first + count) * width <= bytes.count)
        guard count > 0, let source = unsafe bytes.baseAddress, let target = unsafe destination.baseAddress else {
            return
        }
        for index in 0..<count {
            let bits = unsafe source.loadUnaligned(fromByteOffset: (first + index) * width, as: Bits.self)
            unsafe target[index] = value(Bits(littleEndian: bits))
        }
    }
}
