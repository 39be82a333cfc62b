public import CMoESystem
public import Synchronization

/// A value that one thread at a time may see: a `Mutex` of which the thread sanitizer knows.
///
///     private let names = Locked<Set<String>>([])
///     names.withLock { _ = $0.insert(name) }
///
/// On Linux a `Mutex` is a futex in Swift, and the sanitizer would take everything that it orders for a race. All locks of this
/// package around a value are of this type, so that what the sanitizer then reports is one.
public struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    @usableFromInline let mutex: Mutex<Value>

    @inlinable public init(_ value: consuming sending Value) { mutex = Mutex(value) }

    /// Runs `body` while no other thread sees the value.
    ///
    /// The lock does not nest: `body` must not come back to it, and should neither wait nor read nor decode.
    /// - Throws: what `body` throws.
    @inlinable public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try mutex.withLock { value throws(Failure) in
            // The mutex's place stands for it: it stays where it is, and nobody reads through the pointer. The value's would
            // not do, since taking it is an access to the value already.
            unsafe withUnsafePointer(to: mutex) { unsafe moe_sanitizer_acquired($0) }
            defer { unsafe withUnsafePointer(to: mutex) { unsafe moe_sanitizer_will_release($0) } }
            return try body(&value)
        }
    }
}
