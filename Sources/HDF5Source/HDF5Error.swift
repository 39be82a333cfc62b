package import MoESystem

/// What went wrong with an HDF5 file: one line, and which of four kinds it is.
package struct HDF5Error: Error, Equatable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// The system refused or failed: no such file, no permission, a device error, a worker that did not start.
        case io
        /// The bytes are not a readable HDF5 file, contradict themselves, or point where this program does not go.
        case damaged
        /// The caller asked for something that the file does not have.
        case usage
        /// A named limit of `HDF5Limits` was reached.
        case limit
    }

    package let kind: Kind
    /// One line without control characters: what was wrong, where, what to do.
    package let message: String
    /// The call that failed, when `kind` is `.io` and it was the system's.
    package let system: SystemError?

    package init(_ kind: Kind, _ message: String, system: SystemError? = nil) {
        self.kind = kind
        self.message = message
        self.system = system
    }

    package init(_ system: SystemError) {
        // An early end of file is the file's fault, not the device's.
        self.init(system.number == 0 ? .damaged : .io, system.description, system: system)
    }

    package static func damaged(_ message: String) -> HDF5Error { HDF5Error(.damaged, message) }
    package static func usage(_ message: String) -> HDF5Error { HDF5Error(.usage, message) }
    package static func limit(_ message: String) -> HDF5Error { HDF5Error(.limit, message) }
    package static func io(_ message: String) -> HDF5Error { HDF5Error(.io, message) }

    /// The same error, told of a named thing: `"context: message"`.
    package func within(_ context: String) -> HDF5Error {
        HDF5Error(kind, "\(context): \(message)", system: system)
    }
}

extension HDF5Error: CustomStringConvertible {
    package var description: String { message }
}
