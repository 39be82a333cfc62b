package import ArgumentParser
package import MoEFormat
package import MoESystem

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A failure as a command ends with it: one line on stderr and an exit code.
package struct CommandFailure: Error {
    package let status: ExitStatus
    package let message: String

    package init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    /// A failure of reading the file at `path`.
    package init(_ error: FormatError, path: String) {
        switch error.kind {
        case .io:
            let cause = error.cause
            // An early end is the file's doing, a name that leads nowhere the caller's, the rest the device's.
            let status: ExitStatus =
                cause?.number == 0 ? .damaged : cause.map(\.isUnopenable) == true ? .unopenable : .io
            self.init(status, error.description)
        case .damaged, .limit: self.init(.damaged, "\(path): \(error)")
        case .usage: self.init(.usage, "\(path): \(error)")
        case .unsupported: self.init(.unsupported, "\(path): \(error)")
        }
    }

    /// A failure to create or write an output.
    package init(writing error: SystemError) {
        let isCreation = error.operation.contains("create")
        self.init(isCreation && !error.isOutOfSpace ? .uncreatable : .io, error.description)
    }
}

/// Runs a command to its exit code: errors become one line each.
package enum CommandRunner {
    /// The whole of a command's `main`: parses the arguments, runs, ends the process with the exit code.
    ///
    /// Help and version go to stdout; wrong usage is one line on stderr like every other failure.
    package static func main(_ tool: any ParsableCommand.Type) -> Never {
        StandardStreams.ensureOpen()
        PendingOutputs.removeOnInterrupt()
        let name = tool.configuration.commandName ?? "moe"
        if let argument = CommandArguments.firstUnreadable {
            StandardError.line("\(name): argument \(argument) is not UTF-8: files are named in UTF-8 here")
            exit(ExitStatus.usage.rawValue)
        }
        do {
            var command = try tool.parseAsRoot()
            try command.run()
            end(name, .success)
        } catch let code as ExitCode {
            end(name, code)
        } catch {
            let code = tool.exitCode(for: error).rawValue
            if code == 0 {
                StandardOutput.line(tool.fullMessage(for: error))
                end(name, .success)
            } else {
                let message = tool.message(for: error).split(separator: "\n").joined(separator: " ")
                StandardError.line("\(name): \(message) (\(name) --help tells more)")
            }
            exit(code)
        }
    }

    /// Ends the process. A result that could not be written is a failure, whatever the result was.
    private static func end(_ name: String, _ code: ExitCode) -> Never {
        if let failure = StandardOutput.failure, code.rawValue <= ExitStatus.findings.rawValue {
            StandardError.line("\(name): \(failure)")
            exit(ExitStatus.io.rawValue)
        }
        exit(code.rawValue)
    }

    /// - Parameters:
    ///   - name: the command's name, which begins the line.
    ///   - body: what the command does.
    package static func run(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let failure as CommandFailure {
            StandardError.line("\(name): \(failure.message)")
            throw failure.status.code
        } catch let error as FormatError {
            StandardError.line("\(name): \(error)")
            throw CommandFailure(error, path: "").status.code
        } catch let error as SystemError {
            StandardError.line("\(name): \(error)")
            throw (error.isUnopenable ? ExitStatus.unopenable : .io).code
        }
    }
}
