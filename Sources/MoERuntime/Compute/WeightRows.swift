internal import MoEFormat

/// Turns stored weights into f32, a row or a part of one at a time.
///
/// Every conversion is exact but f64's, which rounds to nearest; a quantised element times its scale is rounded once.
extension WeightMatrix {
    /// Writes elements `columns` of stored row `row` to the front of `destination`.
    ///
    /// - Precondition: the row and the columns lie in the matrix.
    func expand(row: Int, columns range: Range<Int>, into destination: inout [Float]) {
        elements.expand(type, from: row * columns + range.lowerBound, count: range.count, into: &destination)
        guard let scales else { return }
        let gridColumns = (columns - 1) / scales.blockColumns + 1
        let gridRow = row / scales.blockRows * gridColumns
        for i in 0..<range.count {
            let scale = scales[gridRow + (range.lowerBound + i) / scales.blockColumns]
            destination[i] = scales.divides ? destination[i] / scale : destination[i] * scale
        }
    }
}

extension WeightMatrix.Scales {
    fileprivate subscript(index: Int) -> Float {
        // `elements` was checked to hold every index of the grid.
        switch kind {
        case .f32: unsafe Float(bitPattern: UInt32(littleEndian: elements.load(index)))
        case .bf16: unsafe NarrowFloat.bf16(UInt16(littleEndian: elements.load(index)))
        case .f16: unsafe NarrowFloat.f16(UInt16(littleEndian: elements.load(index)))
        case .e8m0: unsafe NarrowFloat.e8m0(elements.load(index))
        }
    }
}

extension StoredElements {
    /// Element `index` of as many as the bytes hold.
    ///
    /// Safety: the index must lie in the bytes; every caller has had `isComplete` and the range checked.
    @unsafe fileprivate func load<Bits: FixedWidthInteger>(_ index: Int) -> Bits {
        unsafe bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<Bits>.size, as: Bits.self)
    }

    /// Converts elements `first ..< first + count` to f32.
    ///
    /// - Precondition: they lie in the elements, and `destination` has room for them.
    func expand(_ type: ElementType, from first: Int, count: Int, into destination: inout [Float]) {
        precondition(isComplete && first >= 0 && count >= 0 && count <= destination.count)
        unsafe precondition((first + count) * type.bitCount <= bytes.count * 8)
        // The two lines above are what makes the loads below stay inside the bytes.
        switch type {
        case .f32:
            for i in 0..<count { destination[i] = unsafe Float(bitPattern: UInt32(littleEndian: load(first + i))) }
        case .bf16:
            for i in 0..<count { destination[i] = unsafe NarrowFloat.bf16(UInt16(littleEndian: load(first + i))) }
        case .f16:
            for i in 0..<count { destination[i] = unsafe NarrowFloat.f16(UInt16(littleEndian: load(first + i))) }
        case .f64:
            for i in 0..<count {
                destination[i] = unsafe Float(Double(bitPattern: UInt64(littleEndian: load(first + i))))
            }
        case .f8E4M3:
            for i in 0..<count { destination[i] = unsafe NarrowFloat.e4m3(load(first + i)) }
        case .f8E5M2:
            for i in 0..<count { destination[i] = unsafe NarrowFloat.e5m2(load(first + i)) }
        case .i8:
            for i in 0..<count { destination[i] = Float(unsafe load(first + i) as Int8) }
        case .u8:
            for i in 0..<count { destination[i] = Float(unsafe load(first + i) as UInt8) }
        case .f4LowFirst, .f4HighFirst:
            for i in 0..<count {
                let byte: UInt8 = unsafe load((first + i) / 2)
                let isLow = ((first + i) % 2 == 0) == (type == .f4LowFirst)
                destination[i] = NarrowFloat.e2m1(isLow ? byte & 15 : byte >> 4)
            }
        }
    }
}

extension StoredElements {
    /// The elements of an integer dtype; values outside `Int32` become −1. Nil for other dtypes.
    func integers() -> [Int32]? {
        guard isComplete else { return nil }
        switch dtype {
        case .u8: return map { (bits: UInt8) in Int32(bits) }
        case .i8: return map { (bits: Int8) in Int32(bits) }
        case .u16: return map { (bits: UInt16) in Int32(bits) }
        case .i16: return map { (bits: Int16) in Int32(bits) }
        case .u32: return map { (bits: UInt32) in Int32(exactly: bits) ?? -1 }
        case .i32: return map { (bits: Int32) in bits }
        case .u64: return map { (bits: UInt64) in Int32(exactly: bits) ?? -1 }
        case .i64: return map { (bits: Int64) in Int32(exactly: bits) ?? -1 }
        default: return nil
        }
    }

    private func map<Bits: FixedWidthInteger>(_ value: (Bits) -> Int32) -> [Int32] {
        // `isComplete` was checked for a dtype of just this width.
        (0..<count).map { unsafe value(Bits(littleEndian: load($0))) }
    }
}
