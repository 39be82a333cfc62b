import MoEFormat
import MoESystem

/// A Keras 3 archive (`.keras`): a ZIP that holds a model's weights as HDF5, and its configuration.
///
/// HDF5 finds its own beginning only at 0 and at powers of two, and nobody places archive members there: the weights are copied to
/// a temporary file.
struct KerasArchive {
    static let weightsName = "model.weights.h5"
    private static let configurationName = "config.json"

    /// A copy of the weights.
    let weights: TemporaryFile
    let configuration: [UInt8]?

    /// - Throws: `ConversionError`: `damaged` for an archive without weights or with a wrong checksum.
    init(opening path: String) throws(ConversionError) {
        let archive = try ZipArchive(try ReadableFile.input(path))
        guard let member = try archive.member(named: Self.weightsName) else {
            throw .damaged("\(path) has no member \(Self.weightsName): it is no Keras 3 model with HDF5 weights")
        }
        let copy: TemporaryFile
        do throws(SystemError) { copy = try TemporaryFile(suffix: ".weights.h5") } catch {
            throw ConversionError(.io, error.description)
        }
        try unsafe archive.read(member) { piece throws(ConversionError) in
            do throws(SystemError) { try unsafe copy.write(piece) } catch {
                throw ConversionError(.io, error.description)
            }
        }
        weights = copy
        var text: [UInt8]?
        if let member = try archive.member(named: Self.configurationName) {
            guard member.size <= UInt64(Limits.configBytes) else {
                throw ConversionError(
                    .limit,
                    "\(path): \(Self.configurationName) has \(member.size) bytes; at most \(Limits.configBytes) are read"
                )
            }
            var bytes: [UInt8] = []
            try unsafe archive.read(member) { piece throws(ConversionError) in unsafe bytes.append(contentsOf: piece) }
            text = bytes
        }
        configuration = text
    }
}
