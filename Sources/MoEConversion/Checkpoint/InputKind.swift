import MoEFormat
import MoESystem

/// What an input is, by its first bytes.
enum InputKind {
    case model
    /// Also what is nothing else: libhdf5's own look says what is wrong with it.
    case hdf5

    /// - Throws: `ConversionError` when the file cannot be opened.
    init(of path: String) throws(ConversionError) {
        do throws(SystemError) {
            let file = try ReadableFile(opening: path)
            let head = try file.bytes(at: 0, count: Int(min(file.size, 16)))
            self = head.starts(with: Self.modelMagic) ? .model : .hdf5
        } catch {
            throw ConversionError(error.isUnopenable ? .unopenable : .io, error.description)
        }
    }

    private static let modelMagic: [UInt8] = [0x89, 0x4D, 0x4F, 0x45, 0x0D, 0x0A, 0x1A, 0x0A]
}
