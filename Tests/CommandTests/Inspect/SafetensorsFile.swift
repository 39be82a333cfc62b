import Foundation
import MoEFormat

/// Small safetensors files for tests: names, values and types as one likes.
struct SafetensorsFile {
    struct Entry {
        let name: String
        let dtype: String
        let shape: [Int]
        let bytes: [UInt8]
    }

    private var entries: [Entry] = []

    mutating func add(_ name: String, _ values: [Float], shape: [Int]? = nil) {
        add(name, "F32", shape ?? [values.count], values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
    }

    mutating func add(_ name: String, _ values: [Int64]) {
        add(name, "I64", [values.count], values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } })
    }

    mutating func add(_ name: String, _ dtype: String, _ shape: [Int], _ bytes: [UInt8]) {
        entries.append(Entry(name: name, dtype: dtype, shape: shape, bytes: bytes))
    }

    /// Writes the file beside `path` and converts it there, recognising nothing unless told otherwise.
    func convert(to path: String, _ options: [String] = ["--layout", "dense"]) throws {
        let source = path + ".safetensors"
        var header = JSONObject()
        var position = 0
        for entry in entries {
            header[entry.name] = [
                "dtype": .string(entry.dtype), "shape": .array(entry.shape.map { .integer(Int64($0)) }),
                "data_offsets": [.integer(Int64(position)), .integer(Int64(position + entry.bytes.count))],
            ]
            position += entry.bytes.count
        }
        var text = Array(JSONValue.object(header).text.utf8)
        text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
        var data = Data((0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text)
        for entry in entries { data += entry.bytes }
        try data.write(to: URL(filePath: source))
        let outcome = try Command.convert.start([source, path, "--quiet", "--force"] + options)
        guard outcome.status == 0 else { throw Failure(description: outcome.error) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Names that try to leave the place they are shown in.
    static let hostileNames = [
        "</script><img src=x onerror=alert(1)>", "a\u{1B}[31mred", "b\u{202E}cba", "c\u{9B}2J", "d\u{2028}e",
        "&lt;f&gt;",
        "\"><svg onload=alert(2)>", "{{g}}`${h}`", "*?{i}\\j", "]]>--><!--",
    ]
}

extension Command.Outcome {
    var text: String { String(decoding: output, as: UTF8.self) }
    var lines: [String] { text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

    func json() throws -> JSONValue { try JSONParser.parse(Array(output)) }

    /// Whether anything would steer a terminal.
    var isSteering: Bool {
        (text + error).unicodeScalars.contains {
            ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value) || (0x202A...0x202E).contains($0.value)
                || (0x2028...0x2029).contains($0.value)
        }
    }
}
