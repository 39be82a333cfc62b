#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The stream for everything that is not a result: progress, warnings, errors.
package enum StandardError {
    /// Writes one line; control characters of names in it are escaped.
    package static func line(_ text: String) { Descriptor.write(TerminalText.escaped(text) + "\n", to: 2) }

    /// Writes text that is meant for the terminal itself, as it is.
    package static func raw(_ text: String) { Descriptor.write(text, to: 2) }

    package static var isTerminal: Bool { isatty(2) == 1 }
}

/// The stream for results.
package enum StandardOutput {
    package static func line(_ text: String) { Descriptor.write(text + "\n", to: 1) }

    package static func bytes(_ bytes: [UInt8]) { Descriptor.write(bytes, to: 1) }

    package static var isTerminal: Bool { isatty(1) == 1 }
}

private enum Descriptor {
    static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

    static func write(_ bytes: [UInt8], to descriptor: Int32) {
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
            // A closed pipe or full disk under stdout: there is nobody left to tell.
            guard count > 0 else { return }
            done += count
        }
    }
}
