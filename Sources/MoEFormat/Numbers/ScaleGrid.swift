/// The scales of a quantised part, and which values each of them is for: SPEC.md §9.5.
struct ScaleGrid {
    private let scales: [Float]
    private let divides: Bool
    /// Values of a stored row, and of a block along it and down.
    private let columns: UInt64
    private let blockColumns: UInt64
    private let blockRows: UInt64
    private let gridColumns: UInt64

    /// The scales of a part; nil when it has no scheme, or one without scales that this version can apply.
    ///
    /// - Throws: `FormatError`; by R28 when the scales do not fit the part.
    init?(of part: Part, dtype: Dtype, in file: ModelFile) throws(FormatError) {
        guard let scheme = file.scheme(of: part), let format = NumberFormat(dtype, scheme: scheme),
            let companion = try file.companions(of: part)[.scale]
        else { return nil }
        let tensor = try file.tensor(at: companion.tensor)
        guard [.f32, .bf16, .f16, .f8E8M0, .u8, .i8, .opaque(1)].contains(tensor.dtype) else {
            throw .broken(.layerTensors, "the scale of part \(part.id) has dtype \(tensor.dtype)")
        }
        let isPacked = format.valuesPerElement == 2
        // Packed codes come in rows of 16 bytes with a scale each, whatever the matrix's rows are.
        let columns = isPacked ? UInt64(scheme.blockColumns) : part.record.rowLength
        let (blockRows, blockColumns) = (UInt64(scheme.blockRows), UInt64(scheme.blockColumns))
        let gridColumns = columns.dividedRoundingUp(by: blockColumns)
        let values = part.elementCount *? UInt64(format.valuesPerElement)
        let grid = values.map { ($0 / columns).dividedRoundingUp(by: blockRows) } *? gridColumns
        guard let values, values % columns == 0, let grid, grid == companion.elementCount else {
            throw .broken(
                .layerTensors, "part \(part.id) has \(companion.elementCount) scales, which do not fit its values")
        }
        (self.columns, self.blockRows, self.blockColumns) = (columns, blockRows, blockColumns)
        self.gridColumns = gridColumns
        divides = scheme.scale == .inverse
        scales = try Self.values(of: companion, tensor: tensor, in: file)
    }

    private static func values(of part: Part, tensor: Tensor, in file: ModelFile) throws(FormatError) -> [Float] {
        // A byte is an exponent, whatever its dtype is called.
        let format = tensor.dtype.byteCount == 1 ? NumberFormat.f8E8M0 : NumberFormat(tensor.dtype)
        guard let format else { return [] }
        guard let count = Int(exactly: part.elementCount), let bytes = count *? MemoryLayout<Double>.size else {
            throw .limit("part \(part.id) has \(part.elementCount) scales")
        }
        try FormatError.checkMemory(bytes)
        let start = part.record.startElement
        let stored = try file.bytes(of: tensor, elements: start..<start + part.elementCount)
        var values = [Double](repeating: 0, count: count)
        unsafe stored.withUnsafeBytes { stored in
            unsafe values.withUnsafeMutableBufferPointer { values in
                unsafe format.read(stored, from: 0, count: count, into: values)
            }
        }
        return values.map { Float($0) }
    }

    /// Turns codes into values, in f32 as the runtime does: `first` is the place of the first of them in the part.
    func apply(to values: inout [Double], at start: Int, count: Int, from first: UInt64) {
        var done = 0
        while done < count {
            let place = first + UInt64(done)
            let (row, column) = (place / columns, place % columns)
            // Values up to the end of the block or of the row share a scale.
            let end = min((column / blockColumns + 1) * blockColumns, columns)
            let run = min(count - done, Int(end - column))
            // Every place lies in the part, whose grid was checked against the number of scales.
            let scale = scales[Int(row / blockRows * gridColumns + column / blockColumns)]
            for index in start + done..<start + done + run {
                values[index] = Double(divides ? Float(values[index]) / scale : Float(values[index]) * scale)
            }
            done += run
        }
    }
}

extension ModelFile {
    /// The scheme of a quantised part.
    package func scheme(of part: Part) -> QuantizationScheme? {
        let number = Int(part.record.scheme)
        return (1...max(1, model.quantization.count)).contains(number) && number <= model.quantization.count
            ? model.quantization[number - 1] : nil
    }
}
