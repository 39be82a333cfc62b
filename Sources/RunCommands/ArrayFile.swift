import CommandSupport
import MoEFormat
import MoERuntime
import MoESystem

/// The arrays that the command reads and writes.
enum ArrayFile {
    /// Bytes of an input array at most.
    private static let inputLimit: UInt64 = 16 << 30

    /// A matrix [tokens, columns] as `Float`.
    static func floats(_ path: String, columns: Int) throws(RuntimeError) -> [Float] {
        let array = try read(path)
        guard array.shape.count == 2, array.shape[1] == columns else {
            throw .file(FormatError(.damaged, "\(path) has shape \(array.shape); the layer takes [tokens, \(columns)]"))
        }
        guard let floats = array.floats else {
            throw .file(FormatError(.damaged, "\(path) holds integers; the layer takes floating-point numbers"))
        }
        return floats
    }

    /// A vector of integers.
    static func integers(_ path: String) throws(RuntimeError) -> [Int] {
        let array = try read(path)
        guard array.shape.count == 1, let integers = array.integers else {
            throw .file(FormatError(.damaged, "\(path) is not a vector of int32 or int64"))
        }
        return integers
    }

    private static func read(_ path: String) throws(RuntimeError) -> NumPyArray {
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try ReadableFile(opening: path)
            // It is held as it is, and as numbers.
            guard file.size <= min(inputLimit, MemoryLimit.bytes / 2) else {
                throw SystemError("cannot read", path: path, number: 27)
            }
            bytes = try file.bytes(at: 0, count: Int(file.size))
        } catch {
            throw .file(FormatError(.io, error.description, cause: error))
        }
        do {
            return try NumPyArray(bytes)
        } catch {
            throw .file(FormatError(.damaged, "\(path): \(error)"))
        }
    }

    /// A matrix as the bytes of a NumPy file.
    static func encoded(_ floats: [Float], shape: [Int]) -> [UInt8] {
        var bytes = NumPyHeader.bytes(dtype: .f32, shape: shape)
        bytes.reserveCapacity(bytes.count + 4 * floats.count)
        for float in floats {
            let bits = float.bitPattern
            for shift in stride(from: UInt32(0), to: 32, by: 8) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> shift))
            }
        }
        return bytes
    }
}
