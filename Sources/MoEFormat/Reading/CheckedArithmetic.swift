/// Arithmetic on numbers from a file: nil where the result does not fit.
///
/// The operators read as the plain ones with a question mark: `offset +? length`.
infix operator +? : AdditionPrecedence
infix operator *? : MultiplicationPrecedence

extension FixedWidthInteger {
    @inlinable
    package static func +? (a: Self, b: Self) -> Self? {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? nil : sum
    }

    @inlinable
    package static func *? (a: Self, b: Self) -> Self? {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        return overflow ? nil : product
    }

    /// The least multiple of `alignment` (positive) that is not below the value, or nil.
    @inlinable
    package func roundedUp(toMultipleOf alignment: Self) -> Self? {
        let remainder = self % alignment
        return remainder == 0 ? self : self +? (alignment - remainder)
    }
}

extension Optional where Wrapped: FixedWidthInteger {
    @inlinable
    package static func +? (a: Wrapped?, b: Wrapped) -> Wrapped? { a.flatMap { $0 +? b } }

    @inlinable
    package static func *? (a: Wrapped?, b: Wrapped) -> Wrapped? { a.flatMap { $0 *? b } }
}

extension UInt64 {
    /// The sum, or the greatest number where it does not fit: for totals of what files only claim, which are shown and not used.
    @inlinable
    package func addingClamped(_ other: UInt64) -> UInt64 { self +? other ?? .max }

    /// ⌈self / divisor⌉ for a positive divisor; cannot overflow.
    @inlinable
    package func dividedRoundingUp(by divisor: UInt64) -> UInt64 {
        self / divisor + (self % divisor == 0 ? 0 : 1)
    }
}
