import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import MoERuntime

/// One MoE layer cut out of a reference checkpoint, with what the reference implementation computes: `fixtures/routing`.
struct ReferenceLayer: CustomTestStringConvertible {
    let name: String
    let model: ModelDescription
    let experts: Int
    let routerParts: [StoredPart]
    let expertParts: [Int: [StoredPart]]
    let sharedParts: [[StoredPart]]
    /// [all tokens, hidden size]
    let x: [Float]
    /// [tokens with outputs, output size]
    let y: [Float]
    let chosen: [[Int]]
    let weights: [[Float]]

    var testDescription: String { name }
    var layer: LayerDescription { model.layers[0] }
    var router: RouterDescription { model.routers[0] }
    var tokens: Int { x.count / layer.hiddenSize }
    var tokensWithOutput: Int { y.count / layer.outputSize }

    private struct Contents: Decodable {
        struct Part: Decodable {
            var role: String
            var dtype: String
            var row_length: Int
            var orientation: UInt8
            var scheme: Int
            var offset: Int
            var count: Int
            var scale: Scale?
        }

        struct Scale: Decodable {
            var dtype: String
            var offset: Int
            var count: Int
        }

        var experts: Int
        var router: [Part]
        var expert: [String: [Part]]
        var shared: [[Part]]
        var x: [[Float]]
        var y: [[Float]]
        var topk_index: [[Int]]
        var topk_weight: [[Float]]
    }

    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "fixtures/routing")

    /// Every case in `fixtures/routing`.
    static let all: [ReferenceLayer] = {
        do {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            return try names.sorted().compactMap { name in
                let folder = folder.appending(path: name)
                guard FileManager.default.fileExists(atPath: folder.appending(path: "layer.json").path) else {
                    return nil
                }
                return try ReferenceLayer(folder: folder, name: name)
            }
        } catch {
            fatalError("fixtures/routing cannot be read: \(error)")
        }
    }()

    init(folder: URL, name: String) throws {
        let text = try Data(contentsOf: folder.appending(path: "layer.json"))
        let tensors = [UInt8](try Data(contentsOf: folder.appending(path: "tensors.bin")))
        let contents = try JSONDecoder().decode(Contents.self, from: text)
        let whole = try JSONSerialization.jsonObject(with: text) as? [String: Any] ?? [:]
        let description = try JSONSerialization.data(withJSONObject: whole["model"] ?? [:])
        let model = try ModelDescription(parsing: [UInt8](description), expertCounts: [contents.experts])

        func elements(_ dtype: String, _ offset: Int, _ count: Int) throws -> StoredElements {
            let dtype = try #require(Dtype(name: dtype))
            let bytes = count * (dtype.byteCount ?? 0)
            return StoredElements(copying: Array(tensors[offset..<(offset + bytes)]), dtype: dtype, count: count)
        }
        func parts(_ list: [Contents.Part]) throws -> [StoredPart] {
            try list.map { part in
                let role = try #require(Role(name: part.role))
                return StoredPart(
                    role,
                    StoredMatrix(
                        try elements(part.dtype, part.offset, part.count), rowLength: part.row_length,
                        orientation: Orientation(rawValue: part.orientation) ?? .none,
                        scheme: part.scheme == 0 ? nil : model.quantization[part.scheme - 1],
                        scale: try part.scale.map { try elements($0.dtype, $0.offset, $0.count) }))
            }
        }
        self.name = name
        self.model = model
        experts = contents.experts
        routerParts = try parts(contents.router)
        expertParts = try Dictionary(
            uniqueKeysWithValues: contents.expert.map { (Int($0.key) ?? -1, try parts($0.value)) })
        sharedParts = try contents.shared.map(parts)
        x = contents.x.flatMap { $0 }
        y = contents.y.flatMap { $0 }
        chosen = contents.topk_index
        weights = contents.topk_weight
    }

    func makeRouter() throws -> Router {
        let tensors = try RouterTensors(
            routerParts, router: router, experts: experts, hidden: layer.hiddenSize, name: name)
        return try Router(router, tensors: tensors, experts: experts, hiddenSize: layer.hiddenSize, name: name)
    }

    func makeCompute() throws -> LayerCompute {
        try LayerCompute(
            layer, router: router, functions: model.functions, experts: experts, sharedExperts: sharedParts.count,
            routerBlock: routerParts, name: name)
    }

    /// Runs the layer for the first tokens, adding experts in the order that `order` gives.
    func forward(
        tokens: Range<Int>, workers: Workers = Workers(1), waveBytes: Int = LayerCompute.waveBytes,
        order: ([Int]) -> [Int] = { $0 }
    ) throws -> [Float] {
        let hidden = Array(x[(tokens.lowerBound * layer.hiddenSize)..<(tokens.upperBound * layer.hiddenSize)])
        let routing = try makeRouter().route(hidden, tokens: tokens.count, workers: workers)
        let compute = try makeCompute()
        var output = [Float](repeating: .nan, count: tokens.count * layer.outputSize)
        var buffers = LayerBuffers()
        var scratch = ExpertScratch()
        for run in compute.waves(of: routing, bytes: waveBytes) {
            let wave = compute.begin(hidden, tokens: run, routing: routing, buffers: &buffers, workers: workers)
            for index in sharedParts.indices {
                wave.add(
                    shared: index, try compute.shared(index, sharedParts[index]), scratch: &scratch, workers: workers)
            }
            for expert in order(wave.experts) {
                let parts = try #require(expertParts[expert])
                wave.add(expert, try compute.expert(expert, parts), scratch: &scratch, workers: workers)
            }
            wave.finish(into: &output, buffers: &buffers, workers: workers)
        }
        return output
    }
}
