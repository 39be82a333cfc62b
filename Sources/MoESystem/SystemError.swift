import CMoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A call to the operating system that failed: what was tried, on which file, and the system's error number.
public struct SystemError: Error, Equatable, Sendable {
    /// The operation in plain words, as in "cannot open".
    public let operation: String
    /// The file concerned, as the caller named it.
    public let path: String
    /// The value of `errno`; 0 when the call succeeded but gave less than it must, as at an early end of file.
    public let number: Int32

    public init(_ operation: String, path: String, number: Int32) {
        self.operation = operation
        self.path = path
        self.number = number
    }

    /// The number of a name that is taken.
    package static let alreadyExists = EEXIST

    /// An error with the number that the last failed call left in `errno`.
    package static func last(_ operation: String, path: String) -> SystemError {
        SystemError(operation, path: path, number: errno)
    }

    /// The system's own words for the number.
    public var reason: String {
        guard number != 0 else { return "unexpected end of file" }
        var text = [CChar](repeating: 0, count: 256)
        // moe_error_text writes at most the count it is given and always ends the text.
        unsafe text.withUnsafeMutableBufferPointer { unsafe moe_error_text(number, $0.baseAddress, $0.count) }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Whether the file does not exist, may not be read, or is no regular file, as opposed to a device that failed.
    public var isUnopenable: Bool {
        [ENOENT, EACCES, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EPERM].contains(number)
            || operation == "cannot open" && [EINVAL, ENXIO, ENODEV].contains(number)
    }

    /// Whether there is no room: disk full, quota, or the file-size limit.
    public var isOutOfSpace: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }
}

extension SystemError: CustomStringConvertible {
    public var description: String { "\(operation) \(path): \(reason)" }
}
