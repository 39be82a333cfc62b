import MoESystem

/// How a worker is run.
package struct HDF5WorkerOptions: Equatable, Sendable {
    /// A program whose `main` calls `HDF5WorkerMain.run`; nil for the one that is running.
    package var executable: String?
    /// A worker that reports nothing for this long is taken to hang, and is killed.
    package var patience: Duration
    /// Most memory that the worker may map.
    package var addressSpaceBytes: UInt64

    package init(
        executable: String? = nil, patience: Duration = .seconds(30), addressSpaceBytes: UInt64 = 4 << 30
    ) {
        self.executable = executable
        self.patience = patience
        self.addressSpaceBytes = addressSpaceBytes
    }
}

/// A file that libhdf5 reads in a child process, because it does not survive hostile ones.
///
/// A crash, a hang and an answer that makes no sense are one `damaged` error each. The child ends with the session, and when
/// this process ends.
package final class HDF5WorkerSession: HDF5Session {
    package let catalog: HDF5Catalog
    private let limits: HDF5Limits
    private let conversation: Locked<Conversation>

    /// Starts a worker and lets it make the catalog.
    ///
    /// - Throws: `HDF5Error`; of kind `io` when the file or the worker's program cannot be opened, of kind `usage` when this
    ///   program is to be the worker and does not serve.
    package init(
        opening path: String, options: HDF5Options = HDF5Options(), worker: HDF5WorkerOptions = HDF5WorkerOptions()
    ) throws(HDF5Error) {
        // A program that does not serve would do its own work again in the child, and start children of its own.
        guard worker.executable != nil || HDF5WorkerMain.canServe else {
            throw .usage("this program cannot be its own HDF5 worker: its main must ask first whether it is one")
        }
        var conversation = try Conversation(path: path, limits: options.limits, worker: worker)
        let answer = try conversation.ask(.open(options, addressSpaceBytes: worker.addressSpaceBytes))
        guard case .catalog(let bytes) = answer else { throw CatalogDecoder.malformed("it is no catalog") }
        do throws(HDF5Error) {
            catalog = try HDF5Catalog(decoding: bytes, limits: options.limits)
        } catch {
            throw error.within("\(HDF5Name(path))")
        }
        limits = options.limits
        self.conversation = Locked(conversation)
    }

    /// The child's process id; nil when it has ended.
    package var workerProcessID: Int32? { conversation.withLock { $0.processID } }

    package func readBox(of dataset: HDF5ObjectID, start: [UInt64], extent: [UInt64]) throws(HDF5Error) -> [UInt8] {
        // Questions take turns: the lock is the worker's queue.
        let answer = try conversation.withLock { conversation throws(HDF5Error) in
            try conversation.ask(.readBox(dataset, start: start, extent: extent))
        }
        guard case .elements(let bytes) = answer else { throw CatalogDecoder.malformed("they are no elements") }
        return bytes
    }
}

/// Questions to a worker and its answers, until it fails.
private struct Conversation: ~Copyable {
    private let path: HDF5Name
    private let limits: HDF5Limits
    private let patience: Duration
    private var channel: MessageChannel?
    private var process: WorkerProcess?

    init(path: String, limits: HDF5Limits, worker: HDF5WorkerOptions) throws(HDF5Error) {
        self.path = HDF5Name(path)
        self.limits = limits
        patience = worker.patience
        let executable: String
        if let named = worker.executable { executable = named } else { executable = try WorkerProcess.ownExecutable() }
        let ends = try MessageChannel.pair()
        channel = MessageChannel(descriptor: ends.parent)
        let childEnd = MessageChannel(descriptor: ends.child)
        // This side's copy of the child's end closes when the child has its own.
        process = try withExtendedLifetime(childEnd) { () throws(HDF5Error) in
            try WorkerProcess(
                executable: executable, arguments: [HDF5WorkerMain.argument, path], channel: ends.child)
        }
    }

    deinit {
        // The worker goes when its channel does; its process is waited for right after this.
        channel?.shutDown()
    }

    var processID: Int32? {
        switch process {
        case .some(let process): process.id
        case .none: nil
        }
    }

    /// The answer to a question. A worker that fails to give one is ended, and is not asked again.
    mutating func ask(_ question: WorkerMessage) throws(HDF5Error) -> WorkerMessage {
        guard let channel else { throw .damaged("\(path): the HDF5 worker has ended") }
        let bytes: [UInt8]
        do throws(MessageChannel.Failure) {
            try channel.send(question.encoded())
            bytes = try answer(on: channel)
        } catch {
            let ending = end()
            throw explain(error, ending)
        }
        let message: WorkerMessage
        do throws(HDF5Error) {
            message = try WorkerMessage(decoding: bytes, limits: limits)
        } catch {
            _ = end()
            throw error.within("\(path)")
        }
        if case .failure(let error) = message { throw error }
        return message
    }

    private func answer(on channel: MessageChannel) throws(MessageChannel.Failure) -> [UInt8] {
        let progress = WorkerMessage.progress.encoded()
        while true {
            let bytes = try channel.receive(atMost: WorkerMessage.longest(limits), patience: patience)
            if bytes != progress { return bytes }
        }
    }

    private mutating func end() -> WorkerProcess.Ending {
        channel?.shutDown()
        channel = nil
        return process.take()?.end() ?? .unknown
    }

    private func explain(_ failure: MessageChannel.Failure, _ ending: WorkerProcess.Ending) -> HDF5Error {
        let library = "libhdf5 \(HDF5Library.version)"
        switch (failure, ending) {
        case (.stalled, _):
            return .damaged("\(path): \(library) made no progress for \(patience), which says that the file is damaged")
        case (.tooLong(let count), _):
            return .limit("\(path): an answer of \(count) bytes exceeds the limit of \(WorkerMessage.longest(limits))")
        case (.closed, .signalled(let signal)):
            return .damaged("\(path): \(library) crashed (signal \(signal)), which says that the file is damaged")
        case (.closed, .exited(let status)):
            return .damaged("\(path): the HDF5 worker ended without an answer (exit code \(status))")
        case (.closed, .unknown):
            return .damaged("\(path): the HDF5 worker ended without an answer")
        }
    }
}
