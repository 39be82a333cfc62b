import MoEFormat
package import MoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The three streams that a process begins with.
package enum StandardStreams {
    /// Opens what was closed when the process began: otherwise the next file that is opened would take a stream's number, and a
    /// report would be written into it.
    package static func ensureOpen() {
        for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest free number is this one. For reading only, so that a result is not lost in silence.
            _ = unsafe open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY)
        }
    }
}

/// The stream for everything that is not a result: progress, warnings, errors.
package enum StandardError {
    /// Writes one line; control characters of names in it are escaped. Of what is longer than any message it is the beginning:
    /// names may come from files of any length.
    package static func line(_ text: String) { raw(TerminalText.escaped(text.beginning(16_384)) + "\n") }

    /// Writes text that is meant for the terminal itself, as it is.
    package static func raw(_ text: String) {
        // Without it there is nobody left to tell.
        _ = Descriptor.write(Array(text.utf8), to: 2)
    }

    package static var isTerminal: Bool { isatty(2) == 1 }
}

/// The stream for results.
package enum StandardOutput {
    private static let firstFailure = Locked<SystemError?>(nil)

    /// Why something could not be written, if anything could not; what comes after it is not written either.
    package static var failure: SystemError? { firstFailure.withLock { $0 } }

    package static func line(_ text: String) { bytes(Array((text + "\n").utf8)) }

    package static func bytes(_ bytes: [UInt8]) {
        guard failure == nil, let error = Descriptor.write(bytes, to: 1) else { return }
        firstFailure.withLock { $0 = SystemError("cannot write", path: "standard output", number: error) }
    }

    package static var isTerminal: Bool { isatty(1) == 1 }
}

private enum Descriptor {
    /// Writes all bytes; the error number when that fails.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        var done = 0
        while done < bytes.count {
            // The pointer covers the bytes from `done` to the end for the length of the call.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                #if canImport(Darwin)
                return unsafe Darwin.write(descriptor, rest.baseAddress, rest.count)
                #elseif canImport(Musl)
                return unsafe Musl.write(descriptor, rest.baseAddress, rest.count)
                #else
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
                #endif
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return errno }
            done += count
        }
        return nil
    }
}
