import MoEFormat
package import MoESystem

/// One conversion from a checkpoint to a `.moe` file: open, recognise, plan, write.
package struct Conversion: Sendable {
    /// What the user asked for.
    package struct Request: Sendable {
        package var input: String
        /// The configuration file; nil looks for `config.json` beside the input.
        package var configuration: String?
        package var recognition = RecognitionOptions()
        package var storage = StorageOptions()
        package var reinterpretations: [Reinterpretation] = []
        package var followsExternalLinks = false
        /// Reads HDF5 with the library in this process instead of a child: for tests.
        package var isInProcess = false

        package init(input: String) { self.input = input }
    }

    package let plan: ConversionPlan
    package let recognition: Recognition
    package let checkpoint: any Checkpoint
    package let storage: StorageOptions

    /// Opens the input, recognises its layout and plans the file; reads no weights.
    ///
    /// - Throws: `ConversionError`.
    package init(_ request: Request) throws(ConversionError) {
        let input = try CheckpointInput(request)
        let checkpoint = input.checkpoint
        let configuration = input.configuration
        do {
            recognition = try Recognition(of: checkpoint.tensors, config: configuration?.value, options: request.recognition)
        } catch {
            switch error.kind {
            case .contradiction: throw .damaged("\(request.input): \(error)")
            case .usage: throw .usage(error.description)
            }
        }
        self.checkpoint = checkpoint
        storage = request.storage
        plan = ConversionPlan(
            checkpoint.tensors, aliases: checkpoint.aliases, recognition: recognition, configuration: configuration?.bytes)
    }

    /// What the user should know once the file is written, a line each.
    package var warnings: [String] { checkpoint.notes + recognition.warnings }

    /// Writes the file; it is not there until `output` is committed.
    ///
    /// - Throws: `ConversionError`.
    package func write(to output: AtomicOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError) {
        try checkFreeSpace(of: output)
        let source = try checkpoint.sourceSection()
        let writer: ModelFileWriter
        do throws(FormatError) {
            writer = try ModelFileWriter(output, alignment: storage.alignment)
        } catch {
            throw ConversionError(writing: error)
        }
        try ConversionPipeline(plan, from: checkpoint, options: storage, progress: progress).run(into: writer)
        do throws(FormatError) {
            try writer.finish(model: plan.model, config: plan.configuration, source: source)
        } catch {
            throw ConversionError(writing: error)
        }
    }

    /// Decodes what was written and compares every content hash with that of the source.
    ///
    /// - Throws: `ConversionError` when anything differs.
    package func check(_ output: AtomicOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError) {
        do {
            let file = try ModelFile(reading: output.reopened())
            let verification = try Verification(of: file, workers: Workers(storage.jobs), progress: progress)
            if let finding = verification.findings.first {
                throw ConversionError(.io, "the file that was written does not check: \(finding)")
            }
        } catch let error as ConversionError {
            throw error
        } catch let error as FormatError {
            throw ConversionError(.io, "the file that was written does not check: \(error)")
        } catch {
            throw ConversionError(.io, "\(error)")
        }
    }

    /// Refuses to begin what cannot end: compression is given the benefit of the doubt.
    private func checkFreeSpace(of output: AtomicOutput) throws(ConversionError) {
        guard let free = output.freeSpace else { return }
        let least = storage.compression == .none ? plan.byteCount : plan.byteCount / 4
        guard free >= least else {
            throw ConversionError(.io, "cannot write \(output.path): \(free) bytes are free, at least \(least) are needed")
        }
    }
}
