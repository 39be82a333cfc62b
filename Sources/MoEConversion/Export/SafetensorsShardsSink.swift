import Foundation
import MoEFormat
import MoESystem

/// The safetensors files that a model came from, each as it was, beside their index.
///
/// The index gets its name last: a directory without it holds no model.
final class SafetensorsShardsSink: ExportSink {
    /// Files that are open at once.
    private static let fileLimit = 512

    let order: [Int]
    /// Bytes of the files beside the index.
    private(set) var byteCount: UInt64 = 0
    private let files: [AtomicOutput]
    /// The files of a tensor, in order: equal ones may share it.
    private var filesOfTensor: [Int: [Int]] = [:]
    /// Which of a tensor's files is being written.
    private var current: [Int: Int] = [:]

    /// Begins the files, writes their headers, and the index to `index`.
    ///
    /// - Throws: `ConversionError`: `usage` for a model that came from elsewhere, `uncreatable` for a name that is taken.
    init(_ checkpoint: any Checkpoint, index: AtomicOutput) throws(ConversionError) {
        guard case .safetensors(let origin) = try checkpoint.decodedSource(), !origin.index.isEmpty else {
            throw .usage(
                "\(index.path): the model did not come whole from safetensors files with an index; write one .safetensors file"
            )
        }
        guard origin.files.count <= Self.fileLimit else {
            throw ConversionError(
                .limit, "the model came from \(origin.files.count) files; at most \(Self.fileLimit) are written")
        }
        let names = try Self.names(of: origin.files)
        let directory = index.path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(index.path[...$0]) } ?? ""
        var files: [AtomicOutput] = []
        var order: [Int] = []
        do throws(SystemError) {
            for name in names { files.append(try index.beside(directory + name)) }
        } catch {
            throw ConversionError(creating: error)
        }
        for (number, file) in origin.files.enumerated() {
            let header: SafetensorsHeader
            do throws(ConversionError) {
                header = try SafetensorsHeader(file.header, dataBytes: nil)
            } catch {
                throw error.within("the source section")
            }
            let tensors = try header.tensors(in: checkpoint)
            for tensor in tensors { filesOfTensor[tensor, default: []].append(number) }
            order += tensors
            let length = UInt64(file.header.count)
            byteCount += 8 + length + tensors.reduce(0) { $0 + checkpoint.tensors[$1].byteCount }
            try Self.write(
                (0..<8).map { UInt8(truncatingIfNeeded: length >> UInt64(8 * $0)) } + file.header, to: files[number])
        }
        guard filesOfTensor.count == checkpoint.tensors.count else {
            throw .damaged("the source section does not name every tensor of the file")
        }
        try Self.write(origin.index, to: index)
        self.files = files
        self.order = order
    }

    func takesWhole(_ tensor: Int) -> Bool { false }

    func write(_ bytes: UnsafeMutableRawBufferPointer, tensor: Int, elements: Range<UInt64>) throws(ConversionError) {
        // A tensor with several files comes once for each.
        if elements.lowerBound == 0 { current[tensor] = current[tensor].map { $0 + 1 } ?? 0 }
        guard let number = current[tensor], let places = filesOfTensor[tensor], places.indices.contains(number) else {
            throw ConversionError(.io, "a tensor came more often than its files")
        }
        let file = files[places[number]]
        do throws(SystemError) {
            try unsafe file.write(UnsafeRawBufferPointer(bytes))
        } catch {
            throw ConversionError(.io, error.description)
        }
        file.startWriteback()
    }

    func finish() throws(ConversionError) {
        do throws(SystemError) {
            for file in files { try file.commit() }
        } catch {
            throw ConversionError(.io, error.description)
        }
    }

    /// The files' names: plain ones of safetensors files, for a `.moe` file may come from a stranger.
    private static func names(of files: [SafetensorsOrigin.File]) throws(ConversionError) -> [String] {
        var names: [String] = []
        for file in files {
            guard let name = String(validating: file.name, as: UTF8.self), name.hasSuffix(".safetensors"),
                !name.hasPrefix("."), !file.name.contains(UInt8(ascii: "/")), !file.name.contains(0)
            else {
                throw .damaged(
                    "the source section names a file \(JSONValue.string(String(decoding: file.name.prefix(256), as: UTF8.self)).text)"
                )
            }
            names.append(name)
        }
        guard Set(names.map { ExactName($0) }).count == names.count else {
            throw .damaged("the source section names a file twice")
        }
        return names
    }

    private static func write(_ bytes: [UInt8], to file: AtomicOutput) throws(ConversionError) {
        do throws(SystemError) { try file.write(bytes) } catch { throw ConversionError(.io, error.description) }
    }
}

extension SafetensorsHeader {
    /// The checkpoint's tensors that the header names, in the order of their bytes.
    ///
    /// - Throws: `ConversionError.damaged` for one that is not there, or of another size.
    func tensors(in checkpoint: any Checkpoint) throws(ConversionError) -> [Int] {
        var byName: [ExactName: Int] = [:]
        for (number, tensor) in checkpoint.tensors.enumerated() { byName[ExactName(tensor.name)] = number }
        for alias in checkpoint.aliases { byName[ExactName(alias.name)] = alias.tensor }
        return try entries.map { entry throws(ConversionError) in
            guard let number = byName[ExactName(entry.name)],
                checkpoint.tensors[number].byteCount == UInt64(entry.offsets.count)
            else {
                throw .damaged("the source section and the file differ about tensor \(entry.name)")
            }
            return number
        }
    }
}
