public import MoESystem

/// What went wrong with a `.moe` file or with a request about one.
///
/// The kind says whose turn it is: the machine (`io`), the file (`damaged`), the caller (`usage`), a bound that protects
/// the reader (`limit`), or a newer format than this build knows (`unsupported`).
public struct FormatError: Error, Equatable, Sendable {
    public enum Kind: Hashable, Sendable {
        case io, damaged, usage, limit, unsupported
    }

    public let kind: Kind
    /// The rule of SPEC.md §12 that is broken; nil for errors that are not about the file's content.
    public let rule: Rule?
    /// Where in the file, in bytes from its start, when one place can be named.
    public let offset: UInt64?
    /// The name of the file of a set that the error is about; nil for the one that was opened.
    public let file: String?
    /// What was found, and what was expected, in one sentence without a full stop.
    public let message: String
    /// The system's error behind an `io` error.
    public let cause: SystemError?

    public init(
        _ kind: Kind, rule: Rule? = nil, offset: UInt64? = nil, file: String? = nil, _ message: String,
        cause: SystemError? = nil
    ) {
        self.kind = kind
        self.rule = rule
        self.offset = offset
        self.file = file
        self.message = message
        self.cause = cause
    }

    /// The file breaks a rule.
    package static func broken(_ rule: Rule, at offset: UInt64? = nil, _ message: String) -> FormatError {
        FormatError(.damaged, rule: rule, offset: offset, message)
    }

    /// A block breaks a rule, at an offset from its start.
    package static func broken(_ rule: Rule, in block: Block, at offset: UInt64, _ message: String) -> FormatError {
        FormatError(.damaged, rule: rule, offset: block.offset +? offset, file: block.fileName, message)
    }

    /// The same error, told of a file of a set.
    func inFile(_ name: String) -> FormatError {
        FormatError(kind, rule: rule, offset: offset, file: name, message, cause: cause)
    }

    /// The file is whole but needs something this version does not have.
    package static func unsupported(_ message: String, rule: Rule? = nil) -> FormatError {
        FormatError(.unsupported, rule: rule, message)
    }

    package static func usage(_ message: String) -> FormatError { FormatError(.usage, message) }

    package static func limit(_ message: String) -> FormatError { FormatError(.limit, message) }

    /// Refuses to reserve more than the memory there is, where an allocation that fails would end the process.
    package static func checkMemory(_ count: Int) throws(FormatError) {
        guard UInt64(clamping: count) <= MemoryLimit.bytes else {
            throw .limit("\(count) bytes do not fit the \(MemoryLimit.bytes) bytes of memory")
        }
    }

    package static func io(_ cause: SystemError) -> FormatError {
        FormatError(.io, cause.description, cause: cause)
    }
}

extension FormatError: CustomStringConvertible {
    public var description: String {
        var place = [rule.map { "rule \($0)" }, offset.map { "offset 0x\(String($0, radix: 16))" }].compactMap(\.self)
            .joined(separator: ", ")
        // An I/O error names its file itself.
        if let file, kind != .io { place += offset == nil ? "\(place.isEmpty ? "" : ", ")in \(file)" : " of \(file)" }
        return place.isEmpty ? message : "\(message) (\(place))"
    }
}
