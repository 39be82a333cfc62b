import Foundation
import MoEFormat
import Testing

@testable import InspectCommands

/// `moe-inspect diff`: what it finds, how it says it, and its exit codes.
@Suite struct DiffTests {
    private static let model = Repository.path("fixtures/written/mixtral.moe")
    private static let raw = Repository.path("fixtures/written/mixtral-raw.moe")
    private static let checkpoint = Repository.path("fixtures/cases/mixtral/checkpoint.h5")

    @Test func howTensorsAreStoredIsNoDifference() throws {
        let outcome = try Command.inspect("diff", Self.model, Self.raw)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(
            outcome.text
                == "\(Self.model) and \(Self.raw) hold the same model: 65 tensors, all with equal content hashes\n")
        #expect(try Command.inspect("diff", Self.model, Self.raw, "--json").json()["same"] == true)
    }

    /// A key stands in the path of all that is inside, a group in that of all groups inside.
    @Test func pathsOfMetadataStayShort() throws {
        let key = String(repeating: "k", count: 100_000)
        func object(_ value: Int64) -> JSONValue {
            [key: .array([JSONValue](repeating: .integer(value), count: 50_000))]
        }
        let found = MetadataDifference.between(object(0), object(1), at: "config")
        #expect((10_000...10_001).contains(found.count))
        #expect(found.allSatisfy { $0.path.utf8.count < 200 })
        func source(_ value: UInt8) -> SourceSection {
            var objects: [HDF5Origin.Object] = []
            for index in 0..<2000 {
                var group = HDF5Origin.Object(.group)
                if index < 1999 {
                    group.links = [
                        .init(kind: .hard, charset: 0, target: index + 1, creationOrder: nil, name: Array("group".utf8))
                    ]
                }
                group.attributes = [
                    .init(
                        charset: 0, isSerialized: false, creationOrder: nil, name: [0x61], datatype: [], dataspace: [],
                        committed: nil, value: [value])
                ]
                objects.append(group)
            }
            return .hdf5(HDF5Origin(superblock: 0, userBlock: 0, objects: objects))
        }
        let attributes = SourceDifference.between(source(1), source(2))
        #expect(attributes.count == 2000)
        #expect(attributes.allSatisfy { $0.path.utf8.count < 400 })
    }

    @Test func typesAreComparedByTheirValuesUnderPatterns() throws {
        let directory = try TemporaryDirectory()
        let narrow = directory.file("narrow.moe")
        #expect(try Command.convert(Self.model, narrow, "--dtype", "bf16").status == 0)
        let outcome = try Command.inspect("diff", Self.model, narrow)
        #expect(outcome.status == 1)
        let line = try #require(outcome.lines.first { $0.contains("experts/{0-7}/w1/weight") }, "\(outcome.text)")
        #expect(
            line.split(separator: " ").map(String.init) == [
                "model/layers/{0,1}/block_sparse_moe/experts/{0-7}/w1/weight", "16", "F32", "→", "BF16", "[44,", "32]",
                "dtype,",
                "values", "100.0", "%", "0.001953", "0.000225",
            ], "\(line)")
        #expect(outcome.lines.contains("65 of the 65 tensors that both have differ"))
        // Every tensor by itself for scripts, with numbers that hold what rounding to 8 bits can do.
        let json = try Command.inspect("diff", Self.model, narrow, "--json").json()
        let tensors = try #require(json["tensors"]?.array)
        #expect(tensors.count == 65 && json["same"] == false && json["common_tensors"]?.integer == 65)
        for tensor in tensors {
            let values = try #require(tensor["values"])
            #expect(try #require(values["max_abs"]?.number) < 0.004)
            #expect(try #require(values["mean_abs"]?.number) <= #require(values["max_abs"]?.number))
            #expect(values["not_finite"]?.integer == 0)
        }
    }

    @Test func descriptionsAndNamesAreCompared() throws {
        let directory = try TemporaryDirectory()
        let (top1, few) = (directory.file("top1.moe"), directory.file("few.moe"))
        #expect(try Command.convert(Self.checkpoint, top1, "--top-k", "1").status == 0)
        #expect(try Command.convert(Self.model, few, "--experts", "0-3").status == 0)
        let description = try Command.inspect("diff", Self.model, top1)
        #expect(description.status == 1)
        #expect(description.lines.contains("  model.routers[0].top_k: 2 → 1"), "\(description.text)")
        #expect(description.lines.contains("0 of the 65 tensors that both have differ"))
        let names = try Command.inspect("diff", Self.model, few)
        #expect(names.lines.contains("  banks[{0,1}].experts: 8 → 4"), "\(names.text)")
        #expect(
            names.lines.contains { $0.hasPrefix("  model/layers/{0,1}/block_sparse_moe/experts/{4-7}/w1/weight  F32") },
            "\(names.text)")
        let other = try Command.inspect("diff", few, Self.model, "--json").json()
        #expect(other["only_in_b"]?.array?.count == 24 && other["only_in_a"]?.array == [])
    }

    /// NaN equals NaN and nothing else; infinities of one sign are equal; 0 and −0 are one number with other bits.
    @Test func numbersThatAreNoneAreCountedHonestly() throws {
        let directory = try TemporaryDirectory()
        let (nan, inf) = (Float.nan, Float.infinity)
        let pairs: [(a: Float, b: Float)] = [(nan, nan), (inf, inf), (-inf, inf), (1, nan), (inf, 2), (3, 3.5), (4, 4)]
        var (a, b) = (SafetensorsFile(), SafetensorsFile())
        a.add("x", pairs.map(\.a))
        b.add("x", pairs.map(\.b))
        a.add("zero", [0, 1] as [Float])
        b.add("zero", [-0.0, 1] as [Float])
        a.add("n", [Int64.max, 7, 1 << 53])
        b.add("n", [Int64.max - 1, 7, 1 << 53 + 1])
        try a.convert(to: directory.file("a.moe"))
        try b.convert(to: directory.file("b.moe"))
        let outcome = try Command.inspect("diff", directory.file("a.moe"), directory.file("b.moe"), "--json")
        #expect(outcome.status == 1)
        let tensors = try #require(outcome.json()["tensors"]?.array)
        func values(_ name: String) -> JSONValue? { tensors.first { $0["name"]?.string == name } }
        #expect(
            values("x")?["values"] == [
                "compared": 7, "differing": 4, "not_finite": 3, "max_abs": 0.5, "mean_abs": 0.25,
            ], "\(outcome.text)")
        #expect(values("zero")?["values"]?["differing"] == 0 && values("zero")?["differs_in"] == ["bits"])
        // Neighbours that Double cannot tell apart.
        #expect(values("n")?["values"]?["differing"] == 2 && values("n")?["values"]?["max_abs"]?.number == 1)
    }

    @Test func quantisedWeightsAreComparedThroughTheirScales() throws {
        let file = Repository.path("fixtures/golden/quantised.moe")
        #expect(try Command.inspect("diff", file, file).status == 0)
        let whole = try Command.inspect("diff", file, Self.model)
        #expect(whole.status == 1 && whole.lines.contains("0 of the 0 tensors that both have differ"), "\(whole.text)")
    }

    @Test func damageIsADifferenceWhereTheFileOpensAndAnErrorWhereItDoesNot() throws {
        let directory = try TemporaryDirectory()
        let narrow = directory.file("narrow.moe")
        #expect(try Command.convert(Self.model, narrow, "--dtype", "bf16", "--compression", "none").status == 0)
        let tensors = try #require(Command.inspect(narrow, "--json", "--tensors").json()["tensors"]?.array)
        let victim = try #require(tensors.first { $0["name"]?.string == "model/norm/weight" })
        let offset = try #require(victim["parts"]?.array?.first?["offset"]?.integer)
        var bytes = try Data(contentsOf: URL(filePath: narrow))
        bytes[offset] ^= 1
        let damaged = directory.file("damaged.moe")
        try bytes.write(to: URL(filePath: damaged))
        let outcome = try Command.inspect("diff", Self.model, damaged)
        #expect(outcome.status == 1 && outcome.error.isEmpty, "\(outcome.error)")
        let line = try #require(outcome.lines.first { $0.contains("model/norm/weight") })
        #expect(line.contains("damaged") && line.contains("R71") && line.contains(damaged), "\(line)")
        let json = try Command.inspect("diff", Self.model, damaged, "--json").json()
        let found = try #require(json["tensors"]?.array?.first { $0["name"]?.string == "model/norm/weight" })
        #expect(found["damage"]?["rule"] == "R71" && found["damage"]?["offset"]?.integer == offset)
        try bytes.prefix(1000).write(to: URL(filePath: damaged))
        for arguments in [[Self.model, damaged], [damaged, Self.model]] {
            let outcome = try Command.inspect.start(["diff"] + arguments)
            #expect(outcome.status == 65 && outcome.errorLines.count == 1 && outcome.output.isEmpty)
            #expect(outcome.error.contains(damaged))
        }
        #expect(try Command.inspect("diff", Self.model, directory.file("nothing.moe")).status == 66)
        #expect(try Command.inspect("diff", Self.model).status == 64)
    }

    /// Two names that Swift's strings hold equal, which files do not.
    @Test func namesAreComparedByTheirBytes() throws {
        let directory = try TemporaryDirectory()
        var (a, b) = (SafetensorsFile(), SafetensorsFile())
        for (index, name) in ["\u{E9}.0", "e\u{301}.0"].enumerated() {
            a.add(name, [Float(index)])
            b.add(name, [Float(2 * index)])
        }
        try a.convert(to: directory.file("a.moe"))
        try b.convert(to: directory.file("b.moe"))
        let json = try Command.inspect("diff", directory.file("a.moe"), directory.file("b.moe"), "--json").json()
        #expect(json["common_tensors"] == 2 && json["tensors"]?.array?.count == 1)
        let name = try #require(json["tensors"]?.array?.first?["name"]?.string)
        #expect(name.unicodeScalars.elementsEqual("e\u{301}.0".unicodeScalars))
    }

    @Test func namesDoNotSteerTheTerminal() throws {
        let directory = try TemporaryDirectory()
        var (a, b) = (SafetensorsFile(), SafetensorsFile())
        for (index, name) in SafetensorsFile.hostileNames.enumerated() {
            a.add(name, [Float(index), 1])
            b.add(index % 2 == 0 ? name : name + "\u{202E}", [Float(index), 2])
        }
        try a.convert(to: directory.file("a.moe"))
        try b.convert(to: directory.file("b.moe"))
        let outcome = try Command.inspect("diff", directory.file("a.moe"), directory.file("b.moe"))
        #expect(outcome.status == 1 && !outcome.isSteering, "\(outcome.text.debugDescription)")
        #expect(outcome.text.contains(#"\u{202e}"#))
    }
}
