import MoEFormat

/// How far the values of two tensors are apart.
///
/// A pair counts as equal when both are the same number or both NaN; 0 and −0 are the same number. Distances are taken where both
/// are finite; a pair that differs otherwise, a number against NaN or ∞, is counted and has none.
struct ValueDifference: Equatable {
    /// Pairs of values.
    private(set) var compared: UInt64 = 0
    /// Those that are not equal.
    private(set) var differing: UInt64 = 0
    /// Those that are not equal and not both finite.
    private(set) var notFinite: UInt64 = 0
    /// The largest |a − b|.
    private(set) var maximum = 0.0
    private var sum = 0.0
    private var finite: UInt64 = 0

    /// The mean of |a − b| over the pairs that have a distance.
    var mean: Double { finite == 0 ? 0 : sum / Double(finite) }

    mutating func add(_ a: Double, _ b: Double) {
        compared += 1
        guard a.isFinite, b.isFinite else {
            if !(a == b || a.isNaN && b.isNaN) {
                differing += 1
                notFinite += 1
            }
            return
        }
        add(distance: abs(a - b))
    }

    /// A pair of 64-bit integers, which `Double` would round.
    mutating func add(_ a: Int128, _ b: Int128) {
        compared += 1
        add(distance: Double(a > b ? a - b : b - a))
    }

    private mutating func add(distance: Double) {
        finite += 1
        guard distance > 0 else { return }
        differing += 1
        sum += distance
        maximum = max(maximum, distance)
    }

    /// The difference of both sets of pairs together.
    mutating func merge(_ other: ValueDifference) {
        compared += other.compared
        differing += other.differing
        notFinite += other.notFinite
        maximum = max(maximum, other.maximum)
        sum += other.sum
        finite += other.finite
    }
}

extension ValueDifference {
    /// Compares two tensors of one shape value by value; quantised elements count as the values that they stand for.
    ///
    /// Memory: one chunk of each.
    /// - Throws: `Failure`, which says in which of the files.
    init(_ a: (tensor: Tensor, file: ModelFile), _ b: (tensor: Tensor, file: ModelFile)) throws(Failure) {
        if Self.needIntegers(a.tensor.dtype, b.tensor.dtype) {
            try self.init(integers: a, b)
            return
        }
        var first = try Failure.first { () throws(FormatError) in try ValueStream(a.tensor, of: a.file) }
        var second = try Failure.second { () throws(FormatError) in try ValueStream(b.tensor, of: b.file) }
        guard first.count == second.count else { throw Failure.counts(first.count, second.count) }
        self.init()
        var left = [Double](repeating: 0, count: ValueSummary.runLength)
        var right = left
        while true {
            let count = try Failure.first { () throws(FormatError) in try first.read(into: &left) }
            _ = try Failure.second { () throws(FormatError) in try second.read(into: &right) }
            if count == 0 { break }
            for index in 0..<count { add(left[index], right[index]) }
        }
    }

    enum Failure: Error {
        case inFirst(FormatError)
        case inSecond(FormatError)
        case counts(UInt64, UInt64)

        static func first<Value>(_ body: () throws(FormatError) -> Value) throws(Failure) -> Value {
            do throws(FormatError) { return try body() } catch { throw .inFirst(error) }
        }

        static func second<Value>(_ body: () throws(FormatError) -> Value) throws(Failure) -> Value {
            do throws(FormatError) { return try body() } catch { throw .inSecond(error) }
        }
    }

    /// Whether both are integers and one of 64 bits, which `Double` cannot hold.
    private static func needIntegers(_ a: Dtype, _ b: Dtype) -> Bool {
        let wide: Set<Dtype> = [.u64, .i64]
        let all = wide.union([.bool, .u8, .i8, .u16, .i16, .u32, .i32])
        return all.contains(a) && all.contains(b) && (wide.contains(a) || wide.contains(b))
    }

    private init(integers a: (tensor: Tensor, file: ModelFile), _ b: (tensor: Tensor, file: ModelFile)) throws(Failure)
    {
        self.init()
        let step: UInt64 = 1 << 20
        var start: UInt64 = 0
        while start < a.tensor.elementCount {
            let elements = start..<min(start + step, a.tensor.elementCount)
            let left = try Failure.first { () throws(FormatError) in try a.file.integers(of: a.tensor, elements) }
            let right = try Failure.second { () throws(FormatError) in try b.file.integers(of: b.tensor, elements) }
            for (x, y) in zip(left, right) { add(x, y) }
            start = elements.upperBound
        }
    }
}

extension ModelFile {
    /// Elements of an integer dtype.
    fileprivate func integers(of tensor: Tensor, _ elements: Range<UInt64>) throws(FormatError) -> [Int128] {
        let bytes = try bytes(of: tensor, elements: elements)
        let width = tensor.dtype.byteCount ?? 1
        let isSigned = [.i8, .i16, .i32, .i64].contains(tensor.dtype)
        return stride(from: 0, to: bytes.count, by: width).map { start in
            let bits = bytes[start..<start + width].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            // The sign of a narrow integer is its own topmost bit.
            let shift = UInt64(64 - 8 * width)
            return isSigned ? Int128(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int128(bits)
        }
    }
}
