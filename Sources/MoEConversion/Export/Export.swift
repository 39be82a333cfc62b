import HDF5Source
import MoEFormat
package import MoESystem

/// One conversion from a checkpoint to another format than ours: open and write; nothing is recognised.
package struct Export: Sendable {
    /// What became of the writing.
    package struct Outcome: Sendable {
        /// What the user should know, a line each.
        package var warnings: [String]
        /// Tensors whose bytes are others in the new file: references.
        var translated: Set<Int> = []
        /// Bytes of the files beside the one that was named.
        package var otherBytes: UInt64 = 0
    }

    package enum Format: Sendable {
        case hdf5, safetensors
        /// The files that a model came from, beside their index.
        case safetensorsShards
    }

    package let checkpoint: any Checkpoint
    package let format: Format
    private let request: Conversion.Request

    /// Opens the input; reads no weights.
    ///
    /// - Throws: `ConversionError`.
    package init(_ request: Conversion.Request, to format: Format) throws(ConversionError) {
        self.request = request
        self.format = format
        checkpoint = try CheckpointInput(request).checkpoint
    }

    /// Bytes of all tensors.
    package var byteCount: UInt64 { checkpoint.tensors.reduce(0) { $0 + $1.byteCount } }

    /// Writes the file; it is not there until `output` is committed.
    ///
    /// - Throws: `ConversionError`.
    package func write(to output: AtomicOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError)
        -> Outcome
    {
        if let free = output.freeSpace, free < byteCount {
            throw ConversionError(.io, "cannot write \(output.path): \(free) bytes are free, \(byteCount) are needed")
        }
        let pipeline = ExportPipeline(from: checkpoint, options: request.storage, progress: progress)
        switch format {
        case .hdf5:
            let sink = try HDF5Sink(checkpoint, to: output)
            try pipeline.run(into: sink)
            return Outcome(warnings: checkpoint.notes + sink.notes, translated: sink.translated)
        case .safetensors:
            let sink = try SafetensorsSink(checkpoint, to: output)
            try pipeline.run(into: sink)
            return Outcome(warnings: checkpoint.notes + sink.notes)
        case .safetensorsShards:
            let sink = try SafetensorsShardsSink(checkpoint, index: output)
            try pipeline.run(into: sink)
            return Outcome(warnings: checkpoint.notes, otherBytes: sink.byteCount)
        }
    }

    /// Reads what was written and compares every tensor with the source.
    ///
    /// - Throws: `ConversionError` when anything differs.
    package func check(
        _ output: AtomicOutput, after outcome: Outcome, progress: (@Sendable (UInt64) -> Void)? = nil
    ) throws(ConversionError) {
        var again = Conversion.Request(input: output.openingPath)
        again.storage = request.storage
        again.isInProcess = request.isInProcess
        // Links to other files are written as they were; what they lead to is not ours.
        again.externalLinks = .unfollowed
        let written: any Checkpoint
        if format == .safetensorsShards {
            // An index speaks of files in its own directory.
            let path: String
            do throws(SystemError) { path = try output.siblingPath() } catch {
                throw ConversionError(.io, error.description)
            }
            written = try SafetensorsCheckpoint(index: ShardIndex(opening: path)) { _, _ in nil }
        } else {
            written = try CheckpointInput(again).checkpoint
        }
        try ExportCheck(source: checkpoint, written: written, translated: outcome.translated, progress: progress).run()
    }
}
