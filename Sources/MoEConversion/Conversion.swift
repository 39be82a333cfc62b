package import HDF5Source
package import MoEFormat
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
        package var slimming = SlimmingOptions()
        /// Whether a `.moe` file's tensors are recognised anew instead of kept as the file has them.
        package var recognizesAnew = false
        package var reinterpretations: [Reinterpretation] = []
        package var externalLinks = HDF5ExternalLinks.refused
        /// Where decoded chunks of the source may be put aside when memory is short; nil for the system's temporary place.
        package var scratchDirectory: String?
        /// Reads HDF5 with the library in this process instead of a child: for tests.
        package var isInProcess = false

        package init(input: String) { self.input = input }
    }

    package let plan: ConversionPlan
    /// nil for a `.moe` file, which says itself what its tensors are.
    package let recognition: Recognition?
    package let checkpoint: any Checkpoint
    package let storage: StorageOptions
    /// Names of tensors beside or inside experts that no layout knows.
    package let unrecognized: [String]
    private let slimmingNotes: [String]

    /// Opens the input, recognises its layout and plans the file; reads no weights.
    ///
    /// - Throws: `ConversionError`.
    package init(_ request: Request) throws(ConversionError) {
        let input = try CheckpointInput(request)
        let checkpoint = input.checkpoint
        let planned: ConversionPlan
        if let model = checkpoint as? ModelCheckpoint, !request.recognizesAnew {
            // What a `.moe` file says about its tensors was decided when it was made.
            recognition = nil
            planned = try ConversionPlan(of: model, copying: request.storage.copiesStored)
        } else {
            let recognized: Recognition
            do throws(RecognitionError) {
                recognized = try Recognition(
                    of: checkpoint.tensors, config: input.configuration?.value, options: request.recognition)
            } catch {
                switch error.kind {
                case .contradiction: throw .damaged("\(request.input): \(error)")
                case .usage: throw .usage(error.description)
                }
            }
            recognition = recognized
            planned = ConversionPlan(
                checkpoint.tensors, aliases: checkpoint.aliases, recognition: recognized,
                configuration: input.configuration?.bytes)
        }
        unrecognized = recognition?.unrecognized.map { checkpoint.tensors[$0].name } ?? []
        storage = request.storage
        guard !request.slimming.isIdle else {
            plan = planned
            self.checkpoint = checkpoint
            slimmingNotes = []
            return
        }
        let slimmed = try Self.slim(planned, of: checkpoint, by: request.slimming)
        plan = slimmed.plan
        self.checkpoint = slimmed.checkpoint
        slimmingNotes = slimmed.notes
    }

    private static func slim(
        _ planned: ConversionPlan, of checkpoint: any Checkpoint, by options: SlimmingOptions
    ) throws(ConversionError) -> (plan: ConversionPlan, checkpoint: any Checkpoint, notes: [String]) {
        var slimmed = SlimmedPlan(planned)
        if options.deduplicates { try slimmed.merge(try EqualTensors(planned, in: checkpoint).originals()) }
        if let layers = options.layers { try slimmed.keep(layers: layers) }
        if let experts = options.experts { try slimmed.keep(experts: experts) }
        if let dtype = options.dtype { slimmed.cast(to: dtype) }
        var notes = slimmed.notes
        var plan = slimmed.plan
        var source = try checkpoint.sourceSection()
        if slimmed.isCut || slimmed.isCast {
            if source != nil {
                notes.append("the layout of the source file is not kept: it no longer describes the tensors")
            }
            source = nil
        } else if case .hdf5(var origin) = try checkpoint.decodedSource() {
            for index in origin.objects.indices {
                origin.objects[index].tensor = origin.objects[index].tensor.flatMap { slimmed.numbers[$0] }
            }
            source = SourceSection.hdf5(origin).encoded
        }
        if slimmed.isCut, plan.configuration != nil {
            notes.append("the source's configuration is not kept: it describes the whole model")
            plan.configuration = nil
        }
        let derived = DerivedCheckpoint(
            checkpoint, tensors: plan.tensors, aliases: plan.aliases, views: slimmed.views,
            allowsOverflow: options.allowsOverflow,
            source: source)
        return (plan, derived, notes)
    }

    /// What rounding did to the weights, in a sentence; nil when nothing was rounded.
    private var castReport: String? {
        guard let outcome = (checkpoint as? DerivedCheckpoint)?.castOutcome, outcome.elements > 0 else { return nil }
        return
            "\(outcome.elements) weights were given another type: \(outcome.rounded) rounded, \(outcome.overflowed) became infinite, "
            + "\(outcome.vanished) became zero; the largest magnitude was \(outcome.largest)"
    }

    /// What the user should know once the file is written, a line each.
    package var warnings: [String] {
        checkpoint.notes + (recognition?.warnings ?? []) + slimmingNotes + (castReport.map { [$0] } ?? [])
    }

    /// Writes one file; it is not there until `output` is committed.
    ///
    /// - Throws: `ConversionError`.
    package func write(to output: AtomicOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError) {
        try write(to: ModelOutput(output), progress: progress)
    }

    /// Writes the file, or the files of a set; they are not there until `output` is committed.
    ///
    /// - Throws: `ConversionError`.
    package func write(to output: ModelOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError) {
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
    package func check(_ output: ModelOutput, progress: (@Sendable (UInt64) -> Void)? = nil) throws(ConversionError) {
        do {
            let file = try output.reopened()
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
    private func checkFreeSpace(of output: ModelOutput) throws(ConversionError) {
        guard let free = output.freeSpace else { return }
        let least = storage.compression == .none ? plan.byteCount : plan.byteCount / 4
        guard free >= least else {
            throw ConversionError(
                .io, "cannot write \(output.path): \(free) bytes are free, at least \(least) are needed")
        }
    }
}
