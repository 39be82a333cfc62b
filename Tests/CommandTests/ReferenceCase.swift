import Foundation
import MoEFormat

/// A checkpoint with the outputs that a reference implementation gave.
struct ReferenceCase: CustomStringConvertible, Sendable {
    struct Layer {
        let path: String
        let input: [[Float]]
        let output: [[Float]]
        let experts: [[Int]]
        let weights: [[Float]]
        let tokenIDs: [Int]?
        let appliesCapacity: Bool
    }

    let directory: String
    let configuration: String?

    var description: String { directory + (configuration.map { "+" + $0 } ?? "") }
    var checkpoint: String { Repository.path(directory + "/checkpoint.h5") }

    /// The options that choose this case's configuration.
    var options: [String] { configuration.map { ["--config", Repository.path(directory + "/" + $0)] } ?? [] }

    /// Every case of the fixtures, once for each spelling of its configuration.
    static let all: [ReferenceCase] = ["fixtures/cases", "fixtures/reference/cases"].flatMap { room in
        Repository.directories(in: room, holding: "expected.json").flatMap { directory in
            let hasHub = FileManager.default.fileExists(atPath: Repository.path(directory + "/config_hub.json"))
            return [ReferenceCase(directory: directory, configuration: nil)]
                + (hasHub ? [ReferenceCase(directory: directory, configuration: "config_hub.json")] : [])
        }
    }

    func layers() throws -> [Layer] {
        let bytes = try Data(contentsOf: URL(filePath: Repository.path(directory + "/expected.json")))
        let value = try JSONParser.parse(Array(bytes))
        return (value["layers"]?.array ?? []).map { layer in
            Layer(
                path: (layer["prefix"]?.string ?? "").split(separator: ".").joined(separator: "."),
                input: Self.matrix(layer["x"]),
                output: Self.matrix(layer["y_with_shared"] ?? layer["y"]),
                experts: (layer["topk_index"]?.array ?? []).map { ($0.array ?? []).compactMap(\.integer) },
                weights: Self.matrix(layer["topk_weight"]), tokenIDs: layer["token_ids"]?.array?.compactMap(\.integer),
                appliesCapacity: layer["capacity"] != nil || value["capacity"] != nil)
        }
    }

    private static func matrix(_ value: JSONValue?) -> [[Float]] {
        (value?.array ?? []).map { ($0.array ?? []).compactMap(\.number).map { Float($0) } }
    }
}

/// NumPy files of float32 and int64 for the commands' input and output.
enum NumPyFile {
    static func write(_ rows: [[Float]], to path: String) throws {
        let values = rows.flatMap(\.self)
        try write(
            "<f4", shape: "(\(rows.count), \(rows.first?.count ?? 0))", values.withUnsafeBytes { Data($0) }, to: path)
    }

    static func write(_ values: [Int], to path: String) throws {
        try write("<i8", shape: "(\(values.count),)", values.map { Int64($0) }.withUnsafeBytes { Data($0) }, to: path)
    }

    private static func write(_ type: String, shape: String, _ data: Data, to path: String) throws {
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
        header += String(repeating: " ", count: 64 - (10 + header.count + 1) % 64) + "\n"
        let prefix: [UInt8] =
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
        try (Data(prefix) + Data(header.utf8) + data).write(to: URL(filePath: path))
    }

    /// The float32 elements of a file that a command wrote.
    static func floats(_ path: String) throws -> [Float] {
        let data = try Data(contentsOf: URL(filePath: path))
        let start = 10 + Int(data[8]) + Int(data[9]) << 8
        return stride(from: start, to: data.count, by: 4).map { offset in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(data[offset + $1]) << UInt32(8 * $1) })
        }
    }
}
