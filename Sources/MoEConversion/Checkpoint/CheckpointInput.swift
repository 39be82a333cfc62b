import HDF5Source
import MoEFormat
import MoESystem

/// Opens what the user named as a checkpoint, whatever it is.
struct CheckpointInput {
    private let request: Conversion.Request

    init(_ request: Conversion.Request) { self.request = request }

    /// - Throws: `ConversionError`.
    func open() throws(ConversionError) -> any Checkpoint {
        switch try InputKind(of: request.input) {
        case .model: return try model()
        case .hdf5: return try hdf5(request.input)
        }
    }

    private func model() throws(ConversionError) -> any Checkpoint {
        let file: ModelFile
        do throws(FormatError) { file = try ModelFile(opening: request.input) } catch { throw ConversionError(reading: error) }
        return try ModelCheckpoint(file)
    }

    private func hdf5(_ path: String) throws(ConversionError) -> HDF5Checkpoint {
        let options = HDF5Options(followsExternalLinks: request.followsExternalLinks)
        let input: HDF5Input
        do throws(HDF5Error) {
            input = request.isInProcess
                ? try HDF5Input.inProcess(path, options: options) : try HDF5Input.isolated(path, options: options)
        } catch {
            throw ConversionError(error)
        }
        let reinterpretations = request.reinterpretations
        return try HDF5Checkpoint(input, cacheBytes: request.storage.memory * 6 / 10) { name, dtype in
            reinterpretations.last { $0.applies(to: name, dtype) }?.dtype
        }
    }
}
