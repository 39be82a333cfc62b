import HDF5Source
import MoEFormat
import MoESystem

/// Converts checkpoints to `.moe` files and back: what `moe-convert` does, from Swift.
///
/// ```swift
/// CheckpointConverter.serveIfWorker()      // first in `main`: HDF5 is read in a child process
/// let summary = try CheckpointConverter().convert("checkpoint.h5", to: "model.moe")
/// ```
///
/// The same input and options give the same bytes, whatever `jobs` and `memory` are.
public struct CheckpointConverter: Sendable {
    /// How checkpoints are converted.
    public struct Options: Sendable {
        /// The Hugging Face `config.json`; nil takes the one beside the input, where there is one.
        public var configuration: String?
        /// Experts a token, in place of what the configuration says.
        public var topK: Int?
        /// Whether tensors are compressed, without loss; otherwise they are stored as they are.
        public var compresses = true
        /// Threads that read and compress; nil for as many as there are processors.
        public var jobs: Int?
        /// Bytes of buffers, at most; 8 MiB at least.
        public var memory = 160 << 20
        /// Whether an existing output is replaced.
        public var replacesOutput = false
        /// Bytes of a file, at most: a larger model becomes a set of files, which the output's name opens. nil for one file.
        public var fileLimit: UInt64?
        /// Whether the finished file is decoded and compared with its source before it gets its name.
        public var checksOutput = false
        public var hdf5Reading: HDF5Reading = .inChildProcess

        public init() {}
    }

    /// Where libhdf5 runs, which does not survive hostile files.
    public enum HDF5Reading: Hashable, Sendable {
        /// In a child: this program started again, which must call `serveIfWorker` before anything else.
        case inChildProcess
        /// In this process: for files that are trusted.
        case inThisProcess
    }

    public let options: Options

    public init(_ options: Options = Options()) { self.options = options }

    /// Serves HDF5 to the parent and ends the process, if this program was started for that; otherwise returns at once.
    ///
    /// Call it first in `main`, before the program reads its arguments.
    public static func serveIfWorker() { HDF5WorkerMain.serveIfAsked() }

    /// Converts a checkpoint: HDF5, safetensors, `.keras`, an index of shards, a directory that holds one, or a `.moe` file.
    ///
    /// Reads and writes in bounded memory on threads of its own while the caller waits.
    /// - Parameters:
    ///   - input: the checkpoint's path.
    ///   - output: a path ending in `.moe`, `.h5`, `.hdf5` or `.safetensors`: the extension says what is written. The file
    ///     appears under its name only when it is whole.
    ///   - progress: called now and then, from any thread, with the bytes of tensors done so far.
    /// - Throws: `ConversionError`; then nothing is left behind, and what had the output's name is as it was.
    @discardableResult
    public func convert(
        _ input: String, to output: String, progress: (@Sendable (UInt64) -> Void)? = nil
    ) throws(ConversionError) -> ConversionSummary {
        guard let kind = OutputKind(of: output) else {
            throw .usage("the output's name must end in \(OutputKind.extensions); \(output) does not")
        }
        let request = try request(for: input)
        switch kind {
        case .model: return try makeModel(request, at: output, progress: progress)
        case .export(let format): return try export(request, to: format, at: output, progress: progress)
        }
    }

    private func request(for input: String) throws(ConversionError) -> Conversion.Request {
        guard options.memory >= 8 << 20 else {
            throw .usage("\(options.memory) bytes are too little memory: 8 MiB are needed")
        }
        var request = Conversion.Request(input: input)
        request.configuration = options.configuration
        request.recognition.topK = options.topK
        request.recognizesAnew = options.configuration != nil || options.topK != nil
        request.storage.compression = options.compresses ? .zstd : .none
        request.storage.copiesStored = options.compresses
        request.storage.jobs = max(1, options.jobs ?? ProcessorCount.available)
        request.storage.memory = options.memory
        request.isInProcess = options.hdf5Reading == .inThisProcess
        return request
    }

    private func makeModel(
        _ request: Conversion.Request, at path: String, progress: (@Sendable (UInt64) -> Void)?
    ) throws(ConversionError) -> ConversionSummary {
        let output: ModelOutput
        do throws(SystemError) {
            output = try ModelOutput(path, replacing: options.replacesOutput, fileLimit: options.fileLimit)
        } catch {
            throw ConversionError(creating: error)
        }
        var request = request
        request.scratchDirectory = output.directory
        let conversion = try Conversion(request)
        try conversion.write(to: output, progress: progress)
        if options.checksOutput { try conversion.check(output) }
        let bytes: UInt64
        do {
            try output.commit()
            bytes = try ModelFile(opening: path).byteCountOfSet()
        } catch {
            throw ConversionError(.io, "\(error)")
        }
        return ConversionSummary(
            tensorCount: conversion.plan.tensors.count, layerCount: conversion.plan.banks.count,
            tensorBytes: conversion.plan.byteCount, fileBytes: bytes, warnings: conversion.warnings)
    }

    private func export(
        _ request: Conversion.Request, to format: Export.Format, at path: String,
        progress: (@Sendable (UInt64) -> Void)?
    ) throws(ConversionError) -> ConversionSummary {
        let output = try create(path)
        let export = try Export(request, to: format)
        let outcome = try export.write(to: output, progress: progress)
        if options.checksOutput { try export.check(output, after: outcome) }
        let bytes = try commit(output)
        return ConversionSummary(
            tensorCount: export.checkpoint.tensors.count, layerCount: 0, tensorBytes: export.byteCount,
            fileBytes: bytes + outcome.otherBytes,
            warnings: outcome.warnings)
    }

    private func create(_ path: String) throws(ConversionError) -> AtomicOutput {
        do throws(SystemError) {
            return try AtomicOutput(path, replacing: options.replacesOutput)
        } catch {
            throw ConversionError(creating: error)
        }
    }

    /// - Returns: the file's size.
    private func commit(_ output: AtomicOutput) throws(ConversionError) -> UInt64 {
        do throws(SystemError) {
            try output.commit()
            return try ReadableFile(opening: output.path).size
        } catch {
            throw ConversionError(.io, error.description)
        }
    }
}

/// What a conversion did.
public struct ConversionSummary: Hashable, Sendable {
    /// Tensors of the checkpoint, all of which are in the output.
    public let tensorCount: Int
    /// MoE layers that were recognised; 0 for an export.
    public let layerCount: Int
    /// Bytes of all tensors, decoded.
    public let tensorBytes: UInt64
    /// Bytes of the output; of all files of a set.
    public let fileBytes: UInt64
    /// What the user should know, a line each: routing that was assumed, tensors that no layout knows.
    public let warnings: [String]
}
