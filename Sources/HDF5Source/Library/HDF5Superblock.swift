import MoESystem

/// The first bytes of an HDF5 file, looked at before the library does: is it one, and can it be read?
struct HDF5Superblock {
    static let newestVersion: UInt8 = 3

    /// Where the signature lies: 0, or 512 times a power of two.
    let offset: UInt64
    let version: UInt8

    /// - Throws: `HDF5Error`; `io` when the file cannot be opened, `damaged` when it has no signature.
    init(locatingIn path: String) throws(HDF5Error) {
        do throws(SystemError) {
            let file = try ReadableFile(opening: path)
            let length = UInt64(Self.signature.count + 1)
            var offset: UInt64 = 0
            // At most 55 places: the offset doubles.
            while offset <= file.size, file.size - offset >= length {
                let bytes = try file.bytes(at: offset, count: Self.signature.count + 1)
                if bytes.starts(with: Self.signature) {
                    self.offset = offset
                    self.version = bytes[Self.signature.count]
                    return
                }
                offset = offset == 0 ? 512 : offset * 2
            }
        } catch {
            throw HDF5Error(error)
        }
        throw .damaged("\(HDF5Name(path)) is not an HDF5 file: it has no HDF5 signature")
    }

    private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
}
