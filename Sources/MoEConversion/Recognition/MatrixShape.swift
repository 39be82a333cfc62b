import MoEFormat

/// A matrix of one expert by its dimensions, which way it lies aside.
struct MatrixShape: Hashable {
    var rows: Int
    var columns: Int

    func outputs(_ orientation: Orientation) -> Int { orientation == .rowsAreInputs ? columns : rows }
    func inputs(_ orientation: Orientation) -> Int { orientation == .rowsAreInputs ? rows : columns }
}

/// A way in which the first and the last matrix of an expert fit each other.
struct ExpertFit: Hashable {
    var orientation: Orientation
    var downOrientation: Orientation
    var isFused: Bool
    /// Length of the expert's input, inner width, length of its output.
    var inputSize: Int
    var expertSize: Int
    var outputSize: Int

    /// All fits of a first matrix (gate, up, or both in one) and a down matrix.
    ///
    /// - Parameters:
    ///   - mayBeFused, mayBePlain: whether the first may hold gate and up in one, or one of them alone.
    ///   - downIsTransposed: the down matrix lies the other way than the first.
    static func all(first: MatrixShape, down: MatrixShape, mayBePlain: Bool, mayBeFused: Bool, downIsTransposed: Bool)
        -> [ExpertFit]
    {
        var fits: [ExpertFit] = []
        for orientation in [Orientation.rowsAreOutputs, .rowsAreInputs] {
            let downOrientation: Orientation =
                downIsTransposed ? (orientation == .rowsAreOutputs ? .rowsAreInputs : .rowsAreOutputs) : orientation
            let width = first.outputs(orientation)
            let inner = down.inputs(downOrientation)
            func fit(_ isFused: Bool) -> ExpertFit {
                ExpertFit(
                    orientation: orientation, downOrientation: downOrientation, isFused: isFused,
                    inputSize: first.inputs(orientation), expertSize: inner, outputSize: down.outputs(downOrientation))
            }
            if mayBePlain, width == inner { fits.append(fit(false)) }
            if mayBeFused, width % 2 == 0, width / 2 == inner { fits.append(fit(true)) }
        }
        return fits
    }

    /// The fit that the known input size, then equal input and output sizes, then convention choose; nil if none fits.
    static func best(_ fits: [ExpertFit], inputSize: Int?, convention: Orientation) -> ExpertFit? {
        var left = fits
        if let inputSize { left = left.filter { $0.inputSize == inputSize } }
        let square = left.filter { $0.inputSize == $0.outputSize }
        if !square.isEmpty { left = square }
        return left.first { $0.orientation == convention } ?? left.first
    }
}
