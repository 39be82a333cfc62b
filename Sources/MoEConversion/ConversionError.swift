package import MoEFormat
package import MoESystem

/// Why a checkpoint could not be converted: one line, and whose turn it is.
public struct ConversionError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: Hashable, Sendable {
        /// The machine: a read or write failed, the disk is full.
        case io
        /// The input cannot be opened at all.
        case unopenable
        /// The input is damaged, unreadable as what it is, or contradicts itself.
        case damaged
        /// The request does not make sense.
        case usage
        /// A bound that protects the converter was reached.
        case limit
        /// The output cannot be created.
        case uncreatable
    }

    public let kind: Kind
    /// What was wrong, where, and what to do about it.
    public let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    package static func damaged(_ message: String) -> ConversionError { ConversionError(.damaged, message) }
    package static func usage(_ message: String) -> ConversionError { ConversionError(.usage, message) }

    /// A failure to write the output.
    package init(writing error: FormatError) {
        switch error.kind {
        case .io: self.init(.io, error.description)
        case .limit: self.init(.limit, error.description)
        case .usage: self.init(.usage, error.description)
        case .damaged, .unsupported: self.init(.damaged, error.description)
        }
    }

    /// A failure to read a `.moe` file.
    package init(reading error: FormatError) {
        switch error.kind {
        case .io: self.init(error.cause?.isUnopenable == true ? .unopenable : .io, error.description)
        case .limit: self.init(.limit, error.description)
        case .usage: self.init(.usage, error.description)
        case .damaged, .unsupported: self.init(.damaged, error.description)
        }
    }

    /// The same error, told of a named thing.
    func within(_ context: String) -> ConversionError { ConversionError(kind, "\(context): \(description)") }

    /// A failure of the system while something was written.
    package init(creating error: SystemError) {
        let hint = error.number == EEXIST.number ? "; --force replaces it" : ""
        self.init(.uncreatable, error.description + hint)
    }
}

/// The error number of a name that is taken, without importing the C library where it is shown.
private enum EEXIST {
    static let number: Int32 = 17
}
