import HDF5Source
import MoEFormat
import MoESystem

/// What the user named, opened as a checkpoint whatever it is, with its configuration.
struct CheckpointInput {
    let checkpoint: any Checkpoint
    /// The one that was named, or found beside or inside the input.
    let configuration: ConfigurationFile?

    /// - Throws: `ConversionError`.
    init(_ request: Conversion.Request) throws(ConversionError) {
        let location = try InputLocation(request.input)
        let named = try ConfigurationFile.find(request.configuration, beside: location.path)
        let opening = CheckpointOpening(request)
        switch location.kind {
        case .model:
            let model = try opening.model(location.path)
            checkpoint = model
            configuration = try request.configuration == nil ? ConfigurationFile(of: model.file) ?? named : named
        case .hdf5:
            checkpoint = try opening.hdf5(location.path)
            configuration = named
        case .safetensors:
            checkpoint = try SafetensorsCheckpoint(opening: location.path, reinterpreted: opening.reinterpreted)
            configuration = named
        case .safetensorsIndex:
            checkpoint = try SafetensorsCheckpoint(
                index: ShardIndex(opening: location.path), reinterpreted: opening.reinterpreted)
            configuration = named
        case .hdf5Index:
            let index = try ShardIndex(opening: location.path)
            var shards: [HDF5Checkpoint] = []
            for file in index.files { shards.append(try opening.hdf5(index.path(of: file))) }
            checkpoint = try ShardedHDF5Checkpoint(shards, index: index)
            configuration = named
        case .kerasArchive:
            let archive = try KerasArchive(opening: location.path)
            do throws(ConversionError) {
                checkpoint = try opening.hdf5(archive.weights.path, keeping: archive.weights)
            } catch {
                // The copy's path means nothing to anybody.
                throw ConversionError(
                    error.kind,
                    error.description.replacing(
                        archive.weights.path, with: "\(location.path): \(KerasArchive.weightsName)"))
            }
            if named == nil, let text = archive.configuration {
                configuration = try ConfigurationFile(text, from: "\(location.path): config.json")
            } else {
                configuration = named
            }
        }
        for reinterpretation in request.reinterpretations
        where !checkpoint.tensors.contains(where: { reinterpretation.matches($0.name) }) {
            throw .usage("--reinterpret \(reinterpretation.pattern): no tensor has such a name")
        }
    }
}

/// Opens files by what the request says.
private struct CheckpointOpening {
    private let request: Conversion.Request
    /// One for all files of the input, so that together they keep to one limit.
    private let chunks: DecodedChunkCache

    init(_ request: Conversion.Request) {
        self.request = request
        // Where only some experts are kept, most of what shares their chunks is never read: it must not pile up on disk.
        let file = request.slimming.isIdle ? try? ScratchFile(in: request.scratchDirectory) : nil
        chunks = DecodedChunkCache(byteLimit: request.storage.memory * 6 / 10, spill: file.map(ChunkSpill.init))
    }

    func reinterpreted(_ name: String, _ dtype: Dtype) -> Dtype? {
        request.reinterpretations.last { $0.applies(to: name, dtype) }?.dtype
    }

    func model(_ path: String) throws(ConversionError) -> ModelCheckpoint {
        let file: ModelFile
        do throws(FormatError) { file = try ModelFile(opening: path) } catch { throw ConversionError(reading: error) }
        return try ModelCheckpoint(file)
    }

    /// - Parameter resource: what must live as long as the file is read.
    func hdf5(_ path: String, keeping resource: TemporaryFile? = nil) throws(ConversionError) -> HDF5Checkpoint {
        let options = HDF5Options(externalLinks: request.externalLinks)
        let input: HDF5Input
        do throws(HDF5Error) {
            input =
                request.isInProcess
                ? try HDF5Input.inProcess(path, options: options) : try HDF5Input.isolated(path, options: options)
        } catch {
            throw ConversionError(error)
        }
        return try HDF5Checkpoint(
            input, cache: chunks, keeping: resource, reinterpreted: reinterpreted)
    }
}
