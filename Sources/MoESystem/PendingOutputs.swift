import Dispatch

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The temporary files of outputs that are being written, so that an interrupted command leaves none.
public enum PendingOutputs {
    private static let names = Locked<Set<String>>([])

    static func remember(_ name: String) { names.withLock { _ = $0.insert(name) } }

    static func forget(_ name: String) { names.withLock { _ = $0.remove(name) } }

    /// Runs something that an interruption must not cut in two: a signal waits for its end.
    package static func uninterrupted(_ body: () throws(SystemError) -> Void) throws(SystemError) {
        var failure: SystemError?
        gate.withLock { _ in
            do throws(SystemError) { try body() } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Held while the process must not end.
    private static let gate = Locked(())

    /// Removes them all; called when the process is about to end early.
    public static func removeAll() {
        for name in names.withLock({ $0 }) { unsafe unlink(name) }
    }

    /// From now on SIGINT and SIGTERM remove pending outputs and end the process with 130 or 143.
    ///
    /// For commands, before they start any thread. The signals stay blocked and are taken by a thread of their own: none is lost on
    /// the way, and locks may be used.
    public static func removeOnInterrupt() {
        // Past the file-size limit a write then fails like any other, instead of ending the process.
        signal(SIGXFSZ, SIG_IGN)
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in [SIGINT, SIGTERM] {
            unsafe sigaddset(&set, number)
            // What a parent ignores would never arrive.
            signal(number, SIG_DFL)
        }
        // Threads that are started from here on inherit the mask.
        unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
        let signals = set
        DispatchQueue(label: "swift-moe.signals").async {
            var signals = signals
            var number: Int32 = 0
            while unsafe sigwait(&signals, &number) != 0 {}
            gate.withLock { _ in
                removeAll()
                _exit(128 + number)
            }
        }
    }
}
