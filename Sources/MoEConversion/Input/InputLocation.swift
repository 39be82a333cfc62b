import Foundation
import MoEFormat
import MoESystem

/// Which file an input is read from, and what it is.
struct InputLocation {
    enum Kind: Equatable {
        case model
        /// Also what is nothing else: libhdf5's own look says what is wrong with it.
        case hdf5
        case safetensors
        case safetensorsIndex, hdf5Index
        /// A Keras 3 archive: a ZIP with the weights as HDF5.
        case kerasArchive
    }

    let path: String
    let kind: Kind

    /// Looks into a directory, and at the first bytes of a file.
    ///
    /// - Throws: `ConversionError`: `unopenable` for what is not there, `usage` for a directory with nothing or too much in it.
    init(_ input: String) throws(ConversionError) {
        guard Self.isDirectory(input) else {
            path = input
            kind = try Self.kind(ofFile: input)
            return
        }
        let base = input.hasSuffix("/") ? input : input + "/"
        path = base + (try Self.checkpoint(in: input))
        kind = try Self.kind(ofFile: path)
    }

    private static func isDirectory(_ path: String) -> Bool {
        let values = try? URL(filePath: path).resourceValues(forKeys: [.isDirectoryKey])
        return values?.isDirectory == true
    }

    private static func kind(ofFile path: String) throws(ConversionError) -> Kind {
        let file = try ReadableFile.input(path)
        let head = try file.input(at: 0, count: Int(min(file.size, 16)))
        if head.starts(with: [0x89, 0x4D, 0x4F, 0x45, 0x0D, 0x0A, 0x1A, 0x0A]) { return .model }
        if head.starts(with: [0x89, 0x48, 0x44, 0x46]) { return .hdf5 }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .kerasArchive }
        let name = path.lowercased()
        if name.hasSuffix(".json") {
            let index = try ShardIndex(opening: path)
            return index.files.allSatisfy { $0.lowercased().hasSuffix(".safetensors") } ? .safetensorsIndex : .hdf5Index
        }
        if name.hasSuffix(".safetensors") || SafetensorsFile.looksLike(head, fileSize: file.size) {
            return .safetensors
        }
        return .hdf5
    }

    /// Names that checkpoints have by convention, the first one found wins: an index before what it indexes.
    private static let conventional = [
        "model.safetensors.index.json", "model.safetensors", "model.weights.json", "model.weights.h5",
        "tf_model.h5.index.json",
        "tf_model.h5",
    ]

    /// What can be a checkpoint by its name.
    private static let extensions = [
        ".safetensors.index.json", ".h5.index.json", ".weights.json", ".safetensors", ".h5", ".hdf5", ".keras", ".moe",
    ]

    private static func checkpoint(in directory: String) throws(ConversionError) -> String {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
        } catch {
            throw ConversionError(.unopenable, "cannot list \(directory)")
        }
        if let known = conventional.first(where: names.contains) { return known }
        let models = names.filter { $0.lowercased().hasSuffix(".moe") }.map { SetName(head: $0) }
        // The head of a set stands for its members.
        let candidates = names.filter { name in
            extensions.contains { name.lowercased().hasSuffix($0) } && !models.contains { $0.hasMember(named: name) }
        }
        // An index stands for its shards.
        let indices = candidates.filter { $0.lowercased().hasSuffix(".json") }
        let chosen = indices.isEmpty ? candidates : indices
        guard let only = chosen.first else {
            throw ConversionError(
                .unopenable,
                "cannot open \(directory): the directory holds no .safetensors, .h5, .keras or index of shards")
        }
        guard chosen.count == 1 else {
            let shown = chosen.prefix(4).joined(separator: ", ") + (chosen.count > 4 ? ", …" : "")
            throw .usage("\(directory) holds \(chosen.count) checkpoints (\(shown)): name the one that is meant")
        }
        return only
    }
}
