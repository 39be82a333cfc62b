import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The worker's side: what a program does that was started to read an HDF5 file for its parent.
package enum HDF5WorkerMain {
    /// The hidden first argument of such a program.
    package static let argument = "__hdf5-worker"

    private static let wasCalled = Atomic<Bool>(false)

    /// Whether this program, started again, would serve: its `main` has called `run`.
    static var canServe: Bool { wasCalled.load(ordering: .relaxed) }

    /// Serves the parent and ends the process when the program was started for that.
    package static func serveIfAsked() {
        if let status = run(arguments: CommandLine.arguments) { exit(status) }
    }

    /// Serves the parent when the arguments (program name first) say so; a `main` calls this before anything else.
    ///
    /// - Returns: the exit code, or nil when this is no worker.
    package static func run(arguments: [String]) -> Int32? {
        wasCalled.store(true, ordering: .relaxed)
        guard arguments.count == 3, arguments[1] == argument else { return nil }
        // An interrupt from the terminal reaches the whole group: what it means is the parent's to decide.
        _ = signal(SIGINT, SIG_IGN)
        let channel = MessageChannel(descriptor: WorkerProcess.channelDescriptor)
        leaveWithParent(channel)
        let server = WorkerServer(path: arguments[2], channel: channel)
        return server.serve()
    }

    /// Ends this process when the parent is gone, whatever the library is doing then.
    private static func leaveWithParent(_ channel: MessageChannel) {
        #if canImport(Darwin)
        var thread: pthread_t?
        #else
        var thread = pthread_t()
        #endif
        let context = unsafe Unmanaged.passRetained(channel).toOpaque()
        // The channel is retained for the thread, which lasts as long as the process.
        _ = unsafe pthread_create(
            &thread, nil,
            { context in
                #if canImport(Darwin)
                let opaque: UnsafeMutableRawPointer? = unsafe context
                #else
                let opaque = unsafe context
                #endif
                if let opaque = unsafe opaque {
                    unsafe Unmanaged<MessageChannel>.fromOpaque(opaque).takeUnretainedValue().waitUntilClosed()
                }
                _exit(0)
            }, context)
    }
}

/// Answers the parent's questions about one file, one after the other.
private struct WorkerServer {
    let path: String
    let channel: MessageChannel

    func serve() -> Int32 {
        var session: HDF5InProcessSession?
        while let question = nextQuestion() {
            let answer: WorkerMessage
            do throws(HDF5Error) {
                switch question {
                case .open(let options, let addressSpaceBytes):
                    ResourceLimits.bound(addressSpaceBytes: addressSpaceBytes)
                    let opened = try open(options)
                    session = opened
                    answer = .catalog(opened.catalog.encoded())
                case .readBox(let id, let start, let extent):
                    guard let session else { throw .usage("nothing is open") }
                    answer = .elements(try session.readBox(of: id, start: start, extent: extent))
                default:
                    throw .usage("the worker does not know this question")
                }
            } catch {
                answer = .failure(error)
            }
            guard (try? channel.send(answer.encoded())) != nil else { return 1 }
        }
        return 0
    }

    private func nextQuestion() -> WorkerMessage? {
        guard let bytes = try? channel.receive(atMost: 1 << 20, patience: nil) else { return nil }
        return try? WorkerMessage(decoding: bytes, limits: .standard)
    }

    private func open(_ options: HDF5Options) throws(HDF5Error) -> HDF5InProcessSession {
        var last = ContinuousClock.now
        return try HDF5InProcessSession(opening: path, options: options) { () throws(HDF5Error) in
            let now = ContinuousClock.now
            guard now - last > .milliseconds(100) else { return }
            last = now
            guard (try? channel.send(WorkerMessage.progress.encoded())) != nil else { throw .io("the parent is gone") }
        }
    }
}
