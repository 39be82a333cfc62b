import Foundation
import HDF5Source
import MoEFormat
import Testing

@testable import MoEConversion

/// Names that Unicode holds for equivalent and files do not: `é` of one scalar and of two.
@Suite struct SpellingTests {
    private static let composed = "mod\u{E8}le", decomposed = "mode\u{300}le"

    /// A Mixtral layer below a module of that name.
    private static func layer(_ module: String, experts: Int = 4) -> [SourceTensor] {
        Checkpoints.experts(
            experts, ["\(module).experts.{e}.w1.weight": [12, 8], "\(module).experts.{e}.w2.weight": [8, 12]])
            + Checkpoints.tensors(["\(module).gate.weight": [experts, 8], "\(module).bias": [8]])
    }

    private static func bytes(_ paths: some Sequence<String>) -> [[UInt8]] {
        paths.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static let modules = bytes([composed, decomposed])

    @Test(arguments: [".", "/"]) func modulesAreTwoLayers(separator: String) throws {
        let tensors = (Self.layer(Self.composed) + Self.layer(Self.decomposed, experts: 3)).map {
            SourceTensor(name: $0.name.replacing(".", with: separator), dtype: $0.dtype, shape: $0.shape)
        }
        for tensors in [tensors, tensors.reversed()] {
            let recognition = try Recognition(of: tensors, config: ["top_k": 2])
            #expect(Self.bytes(recognition.banks.map(\.path)) == Self.modules)
            #expect(recognition.banks.map(\.expertCount).sorted() == [3, 4])
            #expect(!recognition.banks.contains { !$0.hasRouter })
            #expect(recognition.unrecognized == [])
        }
    }

    /// Below one module: a tensor of its own each, and experts that no layout knows.
    @Test func tensorsOfAnExpertAreTwo() throws {
        let path = "layers.0.mlp"
        let tensors =
            Checkpoints.experts(
                4, ["\(path).experts.{e}.\u{E9}.0.weight": [8, 8], "\(path).experts.{e}.e\u{301}.0.weight": [8, 8]])
            + Checkpoints.tensors(["\(path).gate.weight": [4, 8]])
        let recognition = try Recognition(of: tensors, config: ["top_k": 2])
        let layer = try #require(recognition.model.layers.first)
        #expect(recognition.model.functions[layer.function].kind == .unsupported)
    }

    @Test func aMapSortsByBytes() throws {
        let tensors = Self.layer(Self.composed) + Self.layer(Self.decomposed)
        var entries: [JSONValue] = []
        for module in [Self.composed, Self.decomposed] {
            for (name, role) in [("w1", "up_weight"), ("w2", "down_weight")] {
                entries.append([
                    "match": .string("\(module).experts.{expert}.\(name).weight"), "role": .string(role),
                    "bank": .string(module),
                ])
            }
            entries.append([
                "match": .string("\(module).gate.weight"), "role": "router_weight", "bank": .string(module),
            ])
        }
        let map: JSONValue = ["tensors": .array(entries), "expert_function": ["kind": "mlp", "activation": "relu"]]
        let recognition = try Recognition(
            of: tensors, config: ["top_k": 2],
            options: .init(map: try TensorMap(parsing: Array(map.text.utf8))))
        #expect(Self.bytes(recognition.banks.map(\.path)) == Self.modules)
    }

    /// A dot that a mark combines with still parts components.
    @Test func aMarkBehindADotIsAComponent() throws {
        let name = TensorName("a.\u{301}b.experts.0.w1.weight")
        #expect(
            name.components.map { Array($0.utf8) }
                == ["a", "\u{301}b", "experts", "0", "w1", "weight"].map { Array($0.utf8) })
        #expect(Array(name.prefix(2).utf8) == Array("a.\u{301}b".utf8))
    }

    /// Both kinds of input, through a file and back.
    @Test func convertedModelsKeepBoth() throws {
        let scratch = try Scratch()
        let tensors = Self.layer(Self.composed) + Self.layer(Self.decomposed)
        var entries: [String] = []
        var data: [UInt8] = []
        for (index, tensor) in tensors.enumerated() {
            let count = 4 * tensor.shape.reduce(1, *)
            entries.append(
                #""\#(tensor.name)":{"dtype":"F32","shape":\#(tensor.shape),"data_offsets":[\#(data.count),\#(data.count + count)]}"#
            )
            for element in 0..<count / 4 {
                withUnsafeBytes(of: Float(index + element)) { data += Array($0) }
            }
        }
        let header = Array("{\(entries.joined(separator: ","))}".utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        let file = length + header + data
        try Data(file).write(to: scratch.url.appending(path: "in.safetensors"))
        let first = try scratch.convert(scratch.path("in.safetensors"), to: "first.moe")
        try scratch.convert(first, to: "back.safetensors")
        #expect(try scratch.bytes("back.safetensors") == file)
        let hdf5 = try scratch.convert(first, to: "over.h5")
        let second = try scratch.convert(hdf5, to: "second.moe")
        for path in [first, second] {
            let model = try ModelFile(opening: path)
            #expect(Self.bytes(model.banks.map(\.path)) == Self.modules)
            #expect(try Verification(of: model).isWhole)
            var position = 0
            for tensor in tensors {
                let slashed = tensor.name.replacing(".", with: "/")
                let name = try model.tensor(named: tensor.name) == nil ? slashed : tensor.name
                let content = try model.bytes(of: #require(try model.tensor(named: name)))
                #expect(content == Array(data[position..<position + content.count]), "\(tensor.name)")
                position += content.count
            }
            #expect(position == data.count)
        }
    }
}
