import Foundation
import MoEFormat
import Testing

@testable import MoEConversion

/// A checkpoint by the names and shapes of its tensors, from `fixtures/recognition`.
struct RecognitionCase: CustomTestStringConvertible {
    struct Layer {
        var number: Int
        /// The dotted path of the module; empty for the root.
        var path: String
        var hiddenSize: Int
        var outputSize: Int
        var topK: Int
        var hasSharedBeside: Bool
        /// What multiplies the routed sum in the layer's output.
        var routedScale: Double
    }

    var name: String
    var tensors: [SourceTensor]
    var config: JSONValue?
    var publishedConfig: JSONValue?
    var layers: [Layer]
    /// The model description that the reference's outputs confirmed.
    var model: JSONValue?

    /// Whether the file is one of a family's, and not of the reference cases.
    var isFamily: Bool

    var testDescription: String { (isFamily ? "families/" : "") + name }

    static let folder = URL(filePath: #filePath).appending(path: "../../../../fixtures/recognition").standardized

    static let all: [RecognitionCase] = {
        let files = [folder, folder.appending(path: "families")].flatMap {
            (try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)) ?? []
        }
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap {
            try? RecognitionCase($0)
        }
    }()

    static func named(_ name: String) throws -> RecognitionCase {
        try RecognitionCase(folder.appending(path: name + ".json"))
    }

    private init(_ file: URL) throws {
        let json = try JSONParser.parse([UInt8](try Data(contentsOf: file)), acceptingNonFinite: true)
        isFamily = file.deletingLastPathComponent().lastPathComponent == "families"
        name = file.deletingPathExtension().lastPathComponent
        tensors = (json["tensors"]?.array ?? []).map { row in
            let fields = row.array ?? []
            let dtype = fields[1].string ?? ""
            return SourceTensor(
                name: fields[0].string ?? "",
                dtype: dtype == "OPAQUE(2)" ? .opaque(2) : Dtype(name: dtype) ?? .unknown(0),
                shape: (fields[2].array ?? []).compactMap(\.integer))
        }
        config = json["config"]
        publishedConfig = json["config_hub"]
        model = json["model"]
        layers = (json["layers"]?.array ?? []).map {
            Layer(
                number: $0["layer"]?.integer ?? -9, path: String(($0["prefix"]?.string ?? "").dropLast()),
                hiddenSize: $0["hidden"]?.integer ?? 0, outputSize: $0["output"]?.integer ?? 0,
                topK: $0["top_k"]?.integer ?? 0,
                hasSharedBeside: $0["beside"]?.bool ?? false, routedScale: $0["combined_scale"]?.number ?? 1)
        }
    }
}
