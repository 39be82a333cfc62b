import MoESystem

/// An open safetensors file.
struct SafetensorsFile: Sendable {
    let file: ReadableFile
    /// Byte for byte, without its length.
    let headerText: [UInt8]
    let header: SafetensorsHeader
    /// Where the tensors' bytes begin.
    let dataOffset: UInt64

    /// - Throws: `ConversionError`.
    init(opening path: String) throws(ConversionError) {
        let file = try ReadableFile.input(path)
        guard file.size >= 8 else { throw .damaged("\(path) is not a safetensors file: it has \(file.size) bytes") }
        let length = try file.input(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= SafetensorsHeader.largest else {
            throw .damaged(
                "\(path) is not a safetensors file: its header would have \(length) bytes, at most \(SafetensorsHeader.largest) are allowed"
            )
        }
        guard length <= file.size - 8 else {
            throw .damaged("\(path): a header of \(length) bytes in a file of \(file.size)")
        }
        headerText = try file.input(at: 8, count: Int(length))
        dataOffset = 8 + length
        self.file = file
        do throws(ConversionError) {
            header = try SafetensorsHeader(headerText, dataBytes: file.size - dataOffset)
        } catch {
            throw error.within(path)
        }
    }

    /// Whether the first bytes and the size of a file are such as a safetensors file's could be.
    static func looksLike(_ head: [UInt8], fileSize: UInt64) -> Bool {
        guard head.count > 8, fileSize > 8 else { return false }
        let length = head[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length >= 2 && length <= min(SafetensorsHeader.largest, fileSize - 8)
            && [UInt8(ascii: "{"), 0x20, 0x0A, 0x0D, 0x09].contains(head[8])
    }
}

extension ReadableFile {
    /// Opens a file of the input.
    static func input(_ path: String) throws(ConversionError) -> ReadableFile {
        do throws(SystemError) {
            return try ReadableFile(opening: path)
        } catch {
            throw ConversionError(error.isUnopenable ? .unopenable : .io, error.description)
        }
    }

    /// Reads a part of the input; the caller bounds it.
    func input(at offset: UInt64, count: Int) throws(ConversionError) -> [UInt8] {
        do throws(SystemError) {
            return try bytes(at: offset, count: count)
        } catch {
            throw ConversionError(error.number == 0 ? .damaged : .io, error.description)
        }
    }

    /// Reads a text of the input as a whole.
    static func inputText(_ path: String, limit: Int) throws(ConversionError) -> [UInt8] {
        let file = try input(path)
        guard file.size <= UInt64(limit) else {
            throw ConversionError(.limit, "\(path) has \(file.size) bytes; at most \(limit) are read")
        }
        return try file.input(at: 0, count: Int(file.size))
    }
}
