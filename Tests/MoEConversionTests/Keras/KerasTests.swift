import Foundation
import HDF5Source
import MoEFormat
import MoESystem
import Testing

@testable import MoEConversion

/// What Keras writes, in every way it has.
@Suite struct KerasTests {
    private static func path(_ name: String) -> String { Repository.path("fixtures/keras/\(name)") }

    private func conversion(_ name: String, _ change: (inout Conversion.Request) -> Void = { _ in }) throws
        -> Conversion
    {
        var request = Conversion.Request(input: Self.path(name))
        request.isInProcess = true
        change(&request)
        return try Conversion(request)
    }

    /// All hold one model: the same banks, tensors and values.
    @Test(arguments: ["toy.weights.h5", "toy.keras", "deflated.keras", "sharded", "sharded/toy.weights.json", "preset"])
    func everyContainerHoldsTheModel(_ name: String) throws {
        let found = try conversion(name)
        #expect(found.plan.banks.map(\.expertCount) == [4, 4])
        #expect(found.plan.tensors.count == 12)
        let scratch = try Scratch()
        let model = try scratch.convert(Self.path(name), to: "model.moe")
        let back = try scratch.convert(model, to: "back.h5")
        let expected = try ComparableCatalog(Self.path("toy.weights.h5"))
        let got = try ComparableCatalog(back)
        // Shards are walked one after another, so groups may be numbered in another order.
        if name.hasPrefix("sharded") {
            #expect(got.objects.count == expected.objects.count)
            for object in expected.objects where object.elements != nil {
                #expect(got.objects.contains { $0.elements == object.elements && $0.dataspace == object.dataspace })
            }
        } else {
            #expect(got == expected)
        }
    }

    @Test func bfloat16IsRecognised() throws {
        let found = try conversion("bf16.weights.h5")
        #expect(found.plan.tensors.allSatisfy { $0.dtype == .bf16 })
    }

    @Test func presetsBringTheirRouting() throws {
        #expect(try conversion("preset").plan.model.routers.first?.topK == 2)
        #expect(try conversion("toy.weights.h5").plan.model.routers.first?.kind == .all)
    }

    @Test func legacyModelsAreKeptWhole() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.path("legacy_model.h5"), to: "model.moe") {
            $0.recognition.layout = .dense
        }
        let back = try scratch.convert(model, to: "back.h5")
        #expect(try ComparableCatalog(back) == ComparableCatalog(Self.path("legacy_model.h5")))
        let names = try ComparableCatalog(back).objects.flatMap(\.attributes).map(\.name)
        #expect(names.contains(HDF5Name("model_config")) && names.contains(HDF5Name("weight_names")))
    }

    @Test(arguments: ["tf_sharded", "tf_sharded/tf_model.h5.index.json"])
    func transformersShards(_ name: String) throws {
        let found = try conversion(name) { $0.recognition.topK = 2 }
        #expect(found.plan.banks.map(\.expertCount) == [4])
        #expect(found.plan.tensors.count == 13)
    }

    // MARK: What is refused

    @Test func shardsMustAgree() throws {
        let scratch = try Scratch()
        for file in try FileManager.default.contentsOfDirectory(atPath: Self.path("sharded")) {
            try FileManager.default.copyItem(atPath: Self.path("sharded/\(file)"), toPath: scratch.path(file))
        }
        let index = scratch.path("toy.weights.json")
        let text = try String(contentsOfFile: index, encoding: .utf8)
        func refusal(_ change: String) throws -> ConversionError? {
            try change.write(toFile: index, atomically: true, encoding: .utf8)
            var request = Conversion.Request(input: scratch.url.path(percentEncoded: false))
            request.isInProcess = true
            return #expect(throws: ConversionError.self) { _ = try Conversion(request) }
        }
        #expect(try refusal(text.replacing("/layers/dense/vars", with: "/layers/dense/none"))?.kind == .damaged)
        #expect(try refusal(text.replacing("toy_00000.weights.h5", with: "../toy_00000.weights.h5"))?.kind == .damaged)
        #expect(try refusal(text.replacing("toy_00001.weights.h5", with: "toy_00009.weights.h5"))?.kind == .unopenable)
        #expect(try refusal(text.replacing("weight_map", with: "weights"))?.kind == .damaged)
        #expect(try refusal(#"{"weight_map":{}}"#)?.kind == .damaged)
        try FileManager.default.copyItem(atPath: scratch.path("toy_00000.weights.h5"), toPath: scratch.path("twice.h5"))
        #expect(
            try refusal(text.replacing("\"toy_00001.weights.h5\",", with: "\"twice.h5\", \"toy_00001.weights.h5\","))?
                .kind == .damaged)
    }

    @Test func archivesAreChecked() throws {
        let scratch = try Scratch()
        let good = try [UInt8](Data(contentsOf: URL(filePath: Self.path("toy.keras"))))
        func refusal(_ bytes: [UInt8]) throws -> ConversionError? {
            try Data(bytes).write(to: URL(filePath: scratch.path("x.keras")))
            return #expect(throws: ConversionError.self) { _ = try KerasArchive(opening: scratch.path("x.keras")) }
        }
        #expect(try refusal(Array(good.dropLast(30)))?.kind == .damaged)
        var flipped = good
        flipped[good.count / 2] ^= 1
        #expect(try refusal(flipped)?.kind == .damaged)
        let name = try #require(good.lastRange(of: Array("model.weights.h5".utf8)))
        var renamed = good
        renamed[name.lowerBound] = UInt8(ascii: "X")
        #expect(try refusal(renamed)?.description.contains("no member model.weights.h5") == true)
    }

    /// Any bytes changed: read as it is or refused, never a crash.
    @Test(arguments: ["toy.keras", "deflated.keras"])
    func changedArchivesNeverTrap(_ name: String) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var generator = SplitMix64(state: seed)
        let scratch = try Scratch()
        let good = try [UInt8](Data(contentsOf: URL(filePath: Self.path(name))))
        for _ in 0..<150 {
            var bytes = good
            for _ in 0..<4 {
                bytes[Int.random(in: bytes.count - 400..<bytes.count, using: &generator)] = .random(
                    in: 0...255, using: &generator)
            }
            try Data(bytes).write(to: URL(filePath: scratch.path("x.keras")))
            _ = try? KerasArchive(opening: scratch.path("x.keras"))
        }
    }

    @Test func temporaryFilesGo() throws {
        var path = ""
        do { path = try KerasArchive(opening: Self.path("toy.keras")).weights.path }
        #expect(!path.isEmpty && !FileManager.default.fileExists(atPath: path))
    }
}

extension [UInt8] {
    fileprivate func lastRange(of pattern: [UInt8]) -> Range<Int>? {
        stride(from: count - pattern.count, through: 0, by: -1).lazy.map { $0..<$0 + pattern.count }.first {
            Array(self[$0]) == pattern
        }
    }
}

extension String {
    fileprivate func write(toFile path: String, atomically: Bool, encoding: String.Encoding) throws {
        try write(to: URL(filePath: path), atomically: atomically, encoding: encoding)
    }
}
