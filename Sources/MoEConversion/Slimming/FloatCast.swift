import MoEFormat

/// What became of values that were cast to another floating-point type.
struct CastOutcome: Equatable, Sendable {
    var elements: UInt64 = 0
    /// Values that the new type does not have.
    var rounded: UInt64 = 0
    /// Finite values that became infinite.
    var overflowed: UInt64 = 0
    /// Values other than zero that became zero.
    var vanished: UInt64 = 0
    /// The largest finite magnitude that was seen.
    var largest = 0.0

    mutating func add(_ other: CastOutcome) {
        elements += other.elements
        rounded += other.rounded
        overflowed += other.overflowed
        vanished += other.vanished
        largest = max(largest, other.largest)
    }
}

/// Casts elements from one floating-point type to another, to the nearest value with ties to even, in one rounding.
enum FloatCast {
    /// The types that are cast, from and to.
    static let dtypes: [Dtype] = [.f16, .bf16, .f32, .f64]

    /// Fills `destination` with the elements of `source` in another type; both hold as many elements.
    static func cast(
        _ source: UnsafeRawBufferPointer, of from: Dtype, into destination: UnsafeMutableRawBufferPointer, of to: Dtype
    ) -> CastOutcome {
        switch from {
        case .f16: unsafe cast(source, Binary16.self, into: destination, of: to)
        case .bf16: unsafe cast(source, BFloat16.self, into: destination, of: to)
        case .f32: unsafe cast(source, Binary32.self, into: destination, of: to)
        default: unsafe cast(source, Binary64.self, into: destination, of: to)
        }
    }

    private static func cast<Source: FloatFormat>(
        _ source: UnsafeRawBufferPointer, _: Source.Type, into destination: UnsafeMutableRawBufferPointer, of to: Dtype
    ) -> CastOutcome {
        switch to {
        case .f16: unsafe cast(source, Source.self, into: destination, Binary16.self)
        case .bf16: unsafe cast(source, Source.self, into: destination, BFloat16.self)
        case .f32: unsafe cast(source, Source.self, into: destination, Binary32.self)
        default: unsafe cast(source, Source.self, into: destination, Binary64.self)
        }
    }

    private static func cast<Source: FloatFormat, Target: FloatFormat>(
        _ source: UnsafeRawBufferPointer, _: Source.Type, into destination: UnsafeMutableRawBufferPointer,
        _: Target.Type
    ) -> CastOutcome {
        let count = min(
            source.count / (Source.Bits.bitWidth / 8), destination.count / (Target.Bits.bitWidth / 8))
        var outcome = CastOutcome()
        outcome.elements = UInt64(count)
        var largest: UInt64 = 0
        let magnitude: UInt64 = 1 << 63 - 1
        for index in 0..<count {
            // `count` elements lie inside either buffer.
            let wide = Source.binary64(
                Source.Bits(
                    littleEndian: unsafe source.loadUnaligned(
                        fromByteOffset: index * MemoryLayout<Source.Bits>.size, as: Source.Bits.self)))
            let (bits, isExact) = Target.nearest(to: wide)
            unsafe destination.storeBytes(
                of: bits.littleEndian, toByteOffset: index * MemoryLayout<Target.Bits>.size, as: Target.Bits.self)
            let size = wide & magnitude
            guard size < 0x7FF << 52 else { continue }
            largest = max(largest, size)
            guard !isExact else { continue }
            outcome.rounded += 1
            let result = Target.binary64(bits) & magnitude
            if result == 0 { outcome.vanished += 1 } else if result == 0x7FF << 52 { outcome.overflowed += 1 }
        }
        outcome.largest = Double(bitPattern: largest)
        return outcome
    }
}
