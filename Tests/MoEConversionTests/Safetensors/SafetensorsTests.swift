import Foundation
import HDF5Source
import MoEFormat
import MoESystem
import Testing

@testable import MoEConversion

/// safetensors in and out.
@Suite struct SafetensorsTests {
    static let folder = "fixtures/safetensors"

    @Test(arguments: ["single/model", "dtypes", "unusual"])
    func oneFileComesBackByteForByte(_ name: String) throws {
        let scratch = try Scratch()
        let path = Repository.path("\(Self.folder)/\(name).safetensors")
        let model = try scratch.convert(path, to: "model.moe") {
            $0.recognition.layout = name.hasPrefix("single") ? .auto : .dense
        }
        try scratch.convert(model, to: "back.safetensors")
        #expect(try scratch.bytes("back.safetensors") == Array(Data(contentsOf: URL(filePath: path))))
    }

    /// What the library writes for the same tensors.
    /// Comparing text takes time that grows with the square of the marks that one character has.
    @Test func namesOfManyMarksAreRefusedSoon() {
        let name = "e" + String(repeating: "\u{301}\u{323}", count: 100_000)
        let error = #expect(throws: ConversionError.self) {
            try SafetensorsHeader(Array("{\"\(name)\": {}}".utf8), dataBytes: 0)
        }
        #expect(error?.kind == .limit)
    }

    @Test func shardsBecomeOneFile() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Repository.path("\(Self.folder)/sharded"), to: "model.moe")
        try scratch.convert(model, to: "one.safetensors")
        let whole = try SafetensorsFile(opening: Repository.path("\(Self.folder)/single/model.safetensors"))
        let one = try SafetensorsFile(opening: scratch.path("one.safetensors"))
        #expect(one.header.entries.map(\.name) == whole.header.entries.map(\.name))
        #expect(one.header.entries.map(\.offsets) == whole.header.entries.map(\.offsets))
        #expect(one.header.metadata?.map(\.value) == ["pt"])
        #expect(
            one.headerText.count % 8 == 0
                && one.headerText.starts(with: #"{"__metadata__":{"format":"pt"},"model.layers.0.block"#.utf8))
        let data = try scratch.bytes("one.safetensors").dropFirst(Int(one.dataOffset))
        #expect(
            try data.elementsEqual(Data(contentsOf: URL(filePath: whole.file.path)).dropFirst(Int(whole.dataOffset))))
    }

    @Test func shardsComeBackByteForByte() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Repository.path("\(Self.folder)/sharded"), to: "model.moe")
        try scratch.convert(model, to: "model.safetensors.index.json")
        let names = try FileManager.default.contentsOfDirectory(atPath: Repository.path("\(Self.folder)/sharded"))
            .filter { $0.contains(".safetensors") }
        #expect(names.count == 4)
        for name in names {
            #expect(
                try scratch.bytes(name)
                    == Array(Data(contentsOf: URL(filePath: Repository.path("\(Self.folder)/sharded/\(name)")))))
        }
    }

    /// A model that came from one file has no shards, and a name from a stranger is not followed out of the directory.
    @Test func shardsAreWrittenWhereThereWereSome() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Repository.path("\(Self.folder)/single"), to: "model.moe")
        let error = #expect(throws: ConversionError.self) {
            try scratch.convert(model, to: "x.safetensors.index.json")
        }
        #expect(error?.kind == .usage)
        let header = Array(#"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}"#.utf8)
        for name in ["../a.safetensors", ".a.safetensors", "a.sh", "/a.safetensors", ""] {
            let origin = SafetensorsOrigin(files: [.init(name: Array(name.utf8), header: header)], index: [0x7B, 0x7D])
            let checkpoint = OriginCheckpoint(origin)
            let output = try AtomicOutput(scratch.path("y.safetensors.index.json"), replacing: true)
            let refusal = #expect(throws: ConversionError.self, "\(name)") {
                _ = try SafetensorsShardsSink(checkpoint, index: output)
            }
            #expect(refusal?.kind == .damaged)
        }
    }

    /// A checkpoint of nothing but its origin.
    private final class OriginCheckpoint: Checkpoint {
        let tensors = [SourceTensor(name: "a", dtype: .u8, shape: [0])]
        let aliases: [(name: String, tensor: Int)] = []
        let notes: [String] = []
        private let origin: SafetensorsOrigin

        init(_ origin: SafetensorsOrigin) { self.origin = origin }

        func makeReader() throws(ConversionError) -> any CheckpointReader { throw .usage("there is nothing to read") }
        func willRead(tensor: Int, elements: Range<UInt64>) {}
        func sourceSection() throws(ConversionError) -> [UInt8]? { SourceSection.safetensors(origin).encoded }
    }

    @Test(arguments: ["single", "sharded", "sharded/model.safetensors.index.json", "single/model.safetensors"])
    func directoriesAndIndicesAreRecognised(_ input: String) throws {
        var request = Conversion.Request(input: Repository.path("\(Self.folder)/\(input)"))
        request.isInProcess = true
        let conversion = try Conversion(request)
        #expect(conversion.plan.banks.map(\.expertCount) == [4, 4])
        #expect(conversion.plan.model.routers.first?.topK == 2)
        #expect(conversion.plan.tensors.first { $0.name == "model.norm.weight" }?.dtype == .bf16)
    }

    @Test func everyDtypeHasItsPlace() throws {
        let checkpoint = try SafetensorsCheckpoint(opening: Repository.path("\(Self.folder)/dtypes.safetensors")) {
            _, _ in nil
        }
        let expected: [String: Dtype] = [
            "bool": .bool, "uint8": .u8, "int8": .i8, "float8_e5m2": .f8E5M2, "float8_e4m3fn": .f8E4M3,
            "float8_e8m0fnu": .f8E8M0,
            "float8_e4m3fnuz": .u8, "float8_e5m2fnuz": .u8, "int16": .i16, "uint16": .u16, "float16": .f16,
            "bfloat16": .bf16,
            "int32": .i32, "uint32": .u32, "float32": .f32, "complex64": .opaque(8), "float64": .f64, "int64": .i64,
            "uint64": .u64,
        ]
        for (name, dtype) in expected {
            let shapes = ["matrix": [3, 4], "scalar": [], "empty": [0, 5]]
            for (kind, shape) in shapes {
                #expect(checkpoint.tensors.contains(SourceTensor(name: "\(kind).\(name)", dtype: dtype, shape: shape)))
            }
        }
        #expect(checkpoint.tensors.count == 3 * expected.count + 1)
        let packed = try SafetensorsCheckpoint(opening: Repository.path("\(Self.folder)/unusual.safetensors")) { _, _ in
            nil
        }
        #expect(packed.tensors.map(\.shape) == [[2, 3], [2, 3], [3], [3], [5]])
    }

    /// Every rule of the format, by a file that breaks it; ours refuses what the library refuses, and a name that stands twice.
    @Test(arguments: Repository.files(in: "\(folder)/refused", withExtension: "safetensors"))
    func brokenRulesAreRefused(_ path: String) throws {
        let verdicts = try JSONParser.parse(
            [UInt8](Data(contentsOf: URL(filePath: Repository.path("\(Self.folder)/refused.json")))))
        let name = URL(filePath: path).deletingPathExtension().lastPathComponent
        #expect(verdicts[name]?.string == (name == "name_twice" ? "accepted by the library" : "refused by the library"))
        let error = #expect(throws: ConversionError.self) { _ = try SafetensorsFile(opening: path) }
        #expect(error?.kind == .damaged)
    }

    @Test func refusedFilesAreThere() {
        #expect(Repository.files(in: "\(Self.folder)/refused", withExtension: "safetensors").count == 27)
    }

    /// Any byte of a header changed: read or refused, never a crash; what is read is closed.
    @Test func changedHeadersNeverTrap() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        let file = try SafetensorsFile(opening: Repository.path("\(Self.folder)/unusual.safetensors"))
        let size = file.file.size - file.dataOffset
        for _ in 0..<2000 {
            var text = file.headerText
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                text[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0x20...0x7E, using: &generator)
            }
            guard let header = try? SafetensorsHeader(text, dataBytes: size) else { continue }
            #expect(header.entries.reduce(0) { $0 + UInt64($1.offsets.count) } == size)
        }
    }

    /// Unicode holds them for the same, files do not: each comes back under its own spelling.
    @Test func equivalentSpellingsAreTwoNames() throws {
        let scratch = try Scratch()
        let names = ["\u{E9}", "e\u{301}", "\u{212B}", "\u{C5}", "a/\u{301}b"]
        let entries = names.enumerated().map { index, name in
            #""\#(name)":{"dtype":"U8","shape":[1],"data_offsets":[\#(index),\#(index + 1)]}"#
        }
        // More keys than a JSON object looks through one by one, and fewer.
        for filler in [0, 20] {
            let rest = (0..<filler).map {
                #""f\#($0)":{"dtype":"U8","shape":[1],"data_offsets":[\#(names.count + $0),\#(names.count + $0 + 1)]}"#
            }
            let header = Array("{\((entries + rest).joined(separator: ","))}".utf8)
            let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
            let file = length + header + (0..<UInt8(names.count + filler))
            try Data(file).write(to: scratch.url.appending(path: "in.safetensors"))
            let model = try scratch.convert(scratch.path("in.safetensors"), to: "model.moe") {
                $0.recognition.layout = .dense
            }
            try scratch.convert(model, to: "back.safetensors")
            #expect(try scratch.bytes("back.safetensors") == file)
            // Through HDF5, where the slash makes a group.
            try scratch.convert(scratch.path("in.safetensors"), to: "over.h5")
            let over = try HDF5Input.inProcess(scratch.path("over.h5")).catalog
            #expect(over.datasets.count == names.count + filler && over.objects.count(where: \.isGroup) == 2)
        }
    }

    /// HDF5 to safetensors and back keeps every tensor.
    @Test func throughBothFormats() throws {
        let scratch = try Scratch()
        let path = Repository.path("\(Self.folder)/dtypes.safetensors")
        let hdf5 = try scratch.convert(path, to: "a.h5")
        let again = try scratch.convert(hdf5, to: "b.safetensors")
        let before = try SafetensorsCheckpoint(opening: path) { _, _ in nil }
        let after = try SafetensorsCheckpoint(opening: again) { _, _ in nil }
        let shapes = Dictionary(uniqueKeysWithValues: after.tensors.map { ($0.name, $0) })
        for tensor in before.tensors {
            // Opaque elements are bytes in safetensors.
            let expected =
                tensor.dtype == .opaque(8)
                ? SourceTensor(name: tensor.name, dtype: .u8, shape: tensor.shape + [8]) : tensor
            #expect(shapes[tensor.name] == expected)
        }
    }
}

/// A generator that repeats itself for a seed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
