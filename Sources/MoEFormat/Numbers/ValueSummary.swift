/// What the values of a tensor are like: range, moments, and how many are no ordinary numbers.
///
/// Sums are of `Double` in a fixed order, runs of values merged as Chan, Golub and LeVeque (1979) do, so that the same values give
/// the same bits and a large mean does not swallow a small spread.
package struct ValueSummary: Equatable, Sendable {
    package private(set) var count: UInt64 = 0
    package private(set) var zeros: UInt64 = 0
    package private(set) var nans: UInt64 = 0
    package private(set) var positiveInfinities: UInt64 = 0
    package private(set) var negativeInfinities: UInt64 = 0
    /// Of the finite values; +∞ and −∞ when there are none.
    package private(set) var minimum = Double.infinity
    package private(set) var maximum = -Double.infinity
    /// Of the finite values; 0 when there are none.
    package private(set) var mean = 0.0
    /// Σ (x − mean)² over the finite values.
    private var spread = 0.0

    package init() {}

    /// Values that are neither infinite nor NaN.
    package var finite: UInt64 { count - notFinite }

    /// Values that are infinite or NaN.
    package var notFinite: UInt64 { nans + positiveInfinities + negativeInfinities }

    /// The standard deviation of the finite values, which are all there are.
    package var deviation: Double { finite == 0 ? 0 : (spread / Double(finite)).squareRoot() }

    /// √Σx² over the finite values: the Frobenius norm.
    package var norm: Double { (spread + Double(finite) * mean * mean).squareRoot() }

    /// √(Σx² / n) over the finite values.
    package var rootMeanSquare: Double { finite == 0 ? 0 : (spread / Double(finite) + mean * mean).squareRoot() }

    /// Adds the first `count` of `values`.
    package mutating func add(_ values: [Double], count: Int) {
        var run = ValueSummary()
        run.count = UInt64(count)
        if (0..<count).allSatisfy({ values[$0].isFinite }) {
            run.measure(values, count: count)
        } else {
            var finite: [Double] = []
            for value in values[..<count] {
                if value.isFinite {
                    finite.append(value)
                } else if value.isNaN {
                    run.nans += 1
                } else if value > 0 {
                    run.positiveInfinities += 1
                } else {
                    run.negativeInfinities += 1
                }
            }
            run.measure(finite, count: finite.count)
        }
        merge(run)
    }

    /// The summary of both, these values and the others.
    package mutating func merge(_ other: ValueSummary) {
        let (a, b) = (Double(finite), Double(other.finite))
        if b > 0 {
            let difference = other.mean - mean
            spread += other.spread + difference * difference * (a * b / (a + b))
            mean += difference * (b / (a + b))
        }
        count += other.count
        zeros += other.zeros
        nans += other.nans
        positiveInfinities += other.positiveInfinities
        negativeInfinities += other.negativeInfinities
        minimum = min(minimum, other.minimum)
        maximum = max(maximum, other.maximum)
    }

    /// Range and moments of finite values.
    private mutating func measure(_ values: [Double], count: Int) {
        guard count > 0 else { return }
        // Eight sums side by side: the processor adds them at once, and their order is fixed.
        let whole = count / 8 * 8
        var sums = SIMD8<Double>(repeating: 0)
        var least = SIMD8<Double>(repeating: .infinity)
        var greatest = SIMD8<Double>(repeating: -.infinity)
        var zeroCounts = SIMD8<Int64>(repeating: 0)
        for start in stride(from: 0, to: whole, by: 8) {
            let run = Self.run(values, from: start)
            sums += run
            least.replace(with: run, where: run .< least)
            greatest.replace(with: run, where: run .> greatest)
            zeroCounts.replace(with: zeroCounts &+ 1, where: run .== 0)
        }
        var sum = Self.sum(sums)
        minimum = least.min()
        maximum = greatest.max()
        zeros = UInt64(zeroCounts.wrappedSum())
        for value in values[whole..<count] {
            sum += value
            minimum = min(minimum, value)
            maximum = max(maximum, value)
            if value == 0 { zeros += 1 }
        }
        mean = sum / Double(count)
        var squares = SIMD8<Double>(repeating: 0)
        for start in stride(from: 0, to: whole, by: 8) {
            let distance = Self.run(values, from: start) - SIMD8(repeating: mean)
            squares += distance * distance
        }
        spread = Self.sum(squares)
        for value in values[whole..<count] { spread += (value - mean) * (value - mean) }
    }

    @inline(__always)
    private static func run(_ values: [Double], from start: Int) -> SIMD8<Double> {
        SIMD8(
            values[start], values[start + 1], values[start + 2], values[start + 3], values[start + 4],
            values[start + 5], values[start + 6], values[start + 7])
    }

    private static func sum(_ lanes: SIMD8<Double>) -> Double {
        let four = lanes.lowHalf + lanes.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}

extension ValueSummary {
    /// Values that are read at a time.
    package static let runLength = 4096

    /// Summarises all values of a stream.
    ///
    /// - Throws: `FormatError` as the stream does.
    package init(_ stream: ValueStream) throws(FormatError) {
        var stream = stream
        var buffer = [Double](repeating: 0, count: Self.runLength)
        while case let count = try stream.read(into: &buffer), count > 0 { add(buffer, count: count) }
    }
}
