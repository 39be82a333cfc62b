import MoEFormat
import MoESystem

/// The index of a model in several files: `model.safetensors.index.json`, `tf_model.h5.index.json`, `X.weights.json`.
struct ShardIndex: Sendable {
    /// Bytes of an index, at most.
    private static let largest = 100_000_000
    private static let fileLimit = 100_000

    let path: String
    let text: [UInt8]
    /// Each name with its file; a name that is spread over several files stands here once for each.
    let map: [(name: String, file: String)]
    /// The files, each once, in the order of their names.
    let files: [String]
    private let directory: String

    /// - Throws: `ConversionError`.
    init(opening path: String) throws(ConversionError) {
        self.path = path
        directory = PathParts(path).prefix
        text = try ReadableFile.inputText(path, limit: Self.largest)
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONParser.parse(text)
        } catch {
            throw .damaged("\(path) is not JSON: \(error)")
        }
        guard let members = value["weight_map"]?.object?.members else {
            throw .damaged("\(path) has no weight_map: it is no index of shards")
        }
        var map: [(name: String, file: String)] = []
        for (name, value) in members {
            let files = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
            guard !files.isEmpty else { throw .damaged("\(path): \(JSONValue.string(name).text) names no file") }
            for file in files {
                // An index speaks of its own directory only.
                guard !file.isEmpty, file != ".", file != "..", !file.utf8.contains(UInt8(ascii: "/")),
                    !file.utf8.contains(0)
                else {
                    throw .damaged("\(path): \(JSONValue.string(file).text) lies outside the index's own directory")
                }
                map.append((name, file))
            }
        }
        guard !map.isEmpty else { throw .damaged("\(path): its weight_map names no file") }
        self.map = map
        files = Set(map.map { ExactName($0.file) }).sorted().map(\.text)
        guard files.count <= Self.fileLimit else {
            throw ConversionError(.limit, "\(path) names \(files.count) files; at most \(Self.fileLimit) are read")
        }
    }

    func path(of file: String) -> String { directory + file }
}
