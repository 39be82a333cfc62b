package import ArgumentParser

/// What the commands' exit codes mean; scripts rely on them.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    /// `verify` or `diff` found damage or a difference in a file that opens.
    case findings = 1
    /// EX_USAGE.
    case usage = 64
    /// EX_DATAERR: the input is damaged, unreadable as what it is, or contradicts itself.
    case damaged = 65
    /// EX_NOINPUT: the input cannot be opened.
    case unopenable = 66
    /// EX_UNAVAILABLE: the file is whole, but this build cannot run it.
    case unsupported = 69
    /// EX_SOFTWARE.
    case `internal` = 70
    /// EX_CANTCREAT: the output cannot be created, or exists without `--force`.
    case uncreatable = 73
    /// EX_IOERR.
    case io = 74

    package var code: ExitCode { ExitCode(rawValue) }
}
