/// The arguments as the system hands them over.
enum CommandArguments {
    /// The number of the first argument whose bytes are not UTF-8; nil when all are.
    ///
    /// What becomes of such a one on its way into a `String` is the name of another file.
    static var firstUnreadable: Int? {
        // A list of `argc` C strings that lasts as long as the process.
        for index in 0..<Int(CommandLine.argc) {
            guard let argument = unsafe CommandLine.unsafeArgv[index] else { continue }
            if unsafe String(validatingCString: argument) == nil { return index }
        }
        return nil
    }
}
