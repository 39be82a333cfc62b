import MoEFormat

/// What a checkpoint's configuration says about its quantised weights, and what shapes say about their scales.
struct QuantizationSettings {
    /// Rows and columns that share a scale, as `weight_block_size` has them.
    var block: MatrixShape?
    /// The elements of one-byte codes, as the configuration's `fmt` has them.
    var element: QuantizationScheme.Element = .f8E4M3

    init() {}

    /// Reads a `quantization_config` object.
    init(_ config: JSONValue?) {
        if let sizes = config?["weight_block_size"]?.array, sizes.count == 2, let rows = sizes[0].integer,
            let columns = sizes[1].integer, rows > 0, columns > 0
        {
            block = MatrixShape(rows: rows, columns: columns)
        }
        if config?["fmt"]?.word == "e5m2" { element = .f8E5M2 }
    }

    /// The scheme of a weight with these scales; nil when they do not fit each other.
    func scheme(_ matrix: MatrixShape, _ weight: ExpertShapes.Leaf, _ scale: ExpertShapes.Leaf) -> QuantizationScheme? {
        if weight.isPacked {
            // A matrix is taken for packed by its scales; blocks have one for each of their rows.
            guard weight.name.part != .blocks || scale.shape == Array(weight.shape.dropLast()) else { return nil }
            return QuantizationScheme(.mxfp4, blockRows: 1, blockColumns: 32)
        }
        guard matrix.rows > 0, matrix.columns > 0 else { return nil }
        let grid: MatrixShape
        switch scale.shape.count {
        case 0: grid = MatrixShape(rows: 1, columns: 1)
        case 1:
            grid =
                scale.shape[0] == 1 ? MatrixShape(rows: 1, columns: 1) : MatrixShape(rows: scale.shape[0], columns: 1)
        case 2: grid = MatrixShape(rows: scale.shape[0], columns: scale.shape[1])
        default: return nil
        }
        guard let rows = Self.run(matrix.rows, grid.rows, declared: block?.rows),
            let columns = Self.run(matrix.columns, grid.columns, declared: block?.columns)
        else { return nil }
        return QuantizationScheme(element, blockRows: rows, blockColumns: columns)
    }

    /// How many of `count` elements share each of `scales` scales.
    private static func run(_ count: Int, _ scales: Int, declared: Int?) -> Int? {
        guard scales > 0, scales <= count else { return nil }
        func fits(_ run: Int) -> Bool { run > 0 && (count - 1) / run + 1 == scales }
        if let declared, fits(declared) { return declared }
        if scales == 1 { return count }
        if scales == count { return 1 }
        return [128, 64, 32, 256, 512, 16].first(where: fits)
    }
}
