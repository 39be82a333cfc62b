import Foundation
import HDF5Source
import MoEFormat
import MoESystem
import Testing

@testable import MoEConversion

/// Cutting, casting and copying `.moe` files.
@Suite struct SlimmingTests {
    private static func checkpoint(_ name: String) -> String { Repository.path("fixtures/cases/\(name)/checkpoint.h5") }

    private func whole(_ file: String) throws {
        let findings = try Verification(of: ModelFile(opening: file), workers: Workers(2)).findings
        #expect(findings.isEmpty, "\(findings)")
    }

    @Test(arguments: Repository.checkpoints)
    func aFileCopiedIsTheSameFile(_ path: String) throws {
        let scratch = try Scratch()
        let model = try scratch.convert(path, to: "model.moe")
        try scratch.convert(model, to: "copied.moe")
        #expect(try scratch.bytes("copied.moe") == scratch.bytes("model.moe"))
        // Encoded anew it is the same too: encoding is a function of the content.
        try scratch.convert(model, to: "encoded.moe") { $0.storage.copiesStored = false }
        #expect(try scratch.bytes("encoded.moe") == scratch.bytes("model.moe"))
    }

    @Test func whatTheUserSaidIsKept() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint("mixtral"), to: "model.moe") { $0.recognition.topK = 5 }
        try scratch.convert(model, to: "copied.moe") {
            $0.storage.compression = .none
            $0.storage.copiesStored = false
        }
        #expect(try ModelFile(opening: scratch.path("copied.moe")).model.routers.map(\.topK) == [5])
        try scratch.convert(model, to: "anew.moe") { $0.recognizesAnew = true }
        #expect(try ModelFile(opening: scratch.path("anew.moe")).model.routers.map(\.topK) == [2])
    }

    /// Experts of tensors of their own, of stacks, of stacks with scales, and behind a kernel whose columns are experts.
    @Test(arguments: ["mixtral", "llama4_text", "gpt_oss_mxfp4", "keras3", "keras_stacked", "nllb_moe"])
    func expertsAreCut(_ name: String) throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint(name), to: "model.moe")
        let cut = try scratch.convert(model, to: "cut.moe") { $0.slimming.experts = 1..<4 }
        try whole(cut)
        let before = try ModelFile(opening: model)
        let after = try ModelFile(opening: cut)
        #expect(after.banks.map(\.expertCount) == before.banks.map { _ in 3 })
        #expect(try after.configuration() == nil && after.source() == nil)
        for (a, b) in zip(after.banks, before.banks) {
            for expert in 0..<3 {
                try expectEqual(a.block(ofExpert: expert), of: after, b.block(ofExpert: expert + 1), of: before)
                // The first expert is called as the first one was.
                #expect(
                    try names(in: a.block(ofExpert: expert), of: after)
                        == names(in: b.block(ofExpert: expert), of: before))
            }
            // What routes: the kept experts' rows, wherever they lie.
            guard let block = a.routerBlock, let original = b.routerBlock else { continue }
            for (part, whole) in zip(try after.block(at: block).parts, try before.block(at: original).parts) {
                let (tensor, source) = (try after.tensor(at: part.tensor), try before.tensor(at: whole.tensor))
                let (got, all) = (try after.bytes(of: tensor), try before.bytes(of: source))
                if tensor.shape == source.shape {
                    #expect(got == all)
                    continue
                }
                let width = source.dtype.byteCount ?? 1
                let count = b.expertCount
                let byColumns = part.orientation == .rowsAreInputs
                let step = byColumns ? count * width : all.count
                let run = byColumns ? width : all.count / count
                let expected = stride(from: 0, to: all.count, by: step).flatMap { all[$0 + run..<$0 + 4 * run] }
                #expect(got == expected)
            }
        }
    }

    private func names(in block: Int, of file: ModelFile) throws -> [String] {
        try file.block(at: block).parts.map { try file.tensor(at: $0.tensor).name }
    }

    /// What is written from a cut is a checkpoint like any other.
    @Test(arguments: ["mixtral", "keras3"])
    func cutsAreReadAgain(_ name: String) throws {
        let scratch = try Scratch()
        let cut = try scratch.convert(Self.checkpoint(name), to: "cut.moe") { $0.slimming.experts = 1..<4 }
        let back = try scratch.convert(cut, to: "back.h5")
        let again = try scratch.convert(back, to: "again.moe") { $0.recognition.topK = 2 }
        let (before, after) = (try ModelFile(opening: cut), try ModelFile(opening: again))
        #expect(after.banks.map(\.expertCount) == before.banks.map(\.expertCount) && !after.banks.isEmpty)
        for (a, b) in zip(after.banks, before.banks) {
            for expert in 0..<3 {
                try expectEqual(a.block(ofExpert: expert), of: after, b.block(ofExpert: expert), of: before)
            }
        }
    }

    private func expectEqual(_ a: Int, of after: ModelFile, _ b: Int, of before: ModelFile) throws {
        let (left, right) = (try after.block(at: a), try before.block(at: b))
        #expect(left.parts.map(\.role) == right.parts.map(\.role))
        for (part, original) in zip(left.parts, right.parts) {
            let got = try after.bytes(
                of: after.tensor(at: part.tensor),
                elements: part.record.startElement..<part.record.startElement + part.elementCount)
            let expected = try before.bytes(
                of: before.tensor(at: original.tensor),
                elements: original.record.startElement..<original.record.startElement + original.elementCount)
            #expect(got == expected)
            // Copied, not encoded: stored in as many bytes.
            #expect(part.record.storedLength == original.record.storedLength)
        }
    }

    @Test(arguments: ["mixtral", "keras3", "nllb_moe", "deepseek_v3"])
    func layersAreCut(_ name: String) throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint(name), to: "model.moe")
        let before = try ModelFile(opening: model)
        let number = try #require(before.banks.compactMap(\.layer).max())
        let cut = try scratch.convert(model, to: "cut.moe") { $0.slimming.layers = number..<number + 1 }
        try whole(cut)
        let after = try ModelFile(opening: cut)
        #expect(after.banks.map(\.path) == before.banks.filter { $0.layer == number }.map(\.path))
        #expect(after.model.layers.count == after.banks.count)
        for index in 0..<after.tensorCount {
            let tensor = try after.tensor(at: index)
            #expect(try before.tensor(named: tensor.name)?.contentHash == tensor.contentHash)
            for other in 0..<number where !name.hasPrefix("keras") {
                #expect(!tensor.name.contains("layers/\(other)/") && !tensor.name.contains("layers.\(other)."))
            }
        }
        #expect(after.tensorCount < before.tensorCount)
    }

    @Test func everyLayerAndExpertIsNoCut() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint("mixtral"), to: "model.moe")
        try scratch.convert(model, to: "same.moe") { $0.slimming.layers = 0..<99 }
        #expect(try scratch.bytes("same.moe") == scratch.bytes("model.moe"))
    }

    @Test(arguments: [
        ("deepseek_v3", 0..<2, "groups"), ("mixtral", 0..<1, "chooses 2"), ("mixtral", 4..<9, "has 8 experts"),
    ])
    func cutsThatWouldLieAreRefused(_ name: String, _ experts: Range<Int>, _ reason: String) throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint(name), to: "model.moe")
        let error = #expect(throws: ConversionError.self) {
            try scratch.convert(model, to: "cut.moe") { $0.slimming.experts = experts }
        }
        #expect(error?.kind == .usage)
        #expect(error?.description.contains(reason) == true)
        let layers = #expect(throws: ConversionError.self) {
            try scratch.convert(model, to: "cut.moe") { $0.slimming.layers = 90..<91 }
        }
        #expect(layers?.kind == .usage)
    }

    // MARK: Types

    @Test func weightsAreCast() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint("mixtral"), to: "model.moe")
        let cast = try scratch.convert(model, to: "cast.moe") { $0.slimming.dtype = .bf16 }
        // The same from the checkpoint itself, with one thread.
        let direct = try scratch.convert(Self.checkpoint("mixtral"), to: "direct.moe") {
            $0.slimming.dtype = .bf16
            $0.storage.jobs = 1
        }
        try whole(cast)
        let (before, after) = (try ModelFile(opening: model), try ModelFile(opening: cast))
        for index in 0..<after.tensorCount {
            let (tensor, source) = (try after.tensor(at: index), try before.tensor(at: index))
            #expect(tensor.dtype == .bf16 && source.dtype == .f32 && tensor.shape == source.shape)
            var expected = [UInt8](repeating: 0, count: Int(tensor.byteCount))
            let bytes = try before.bytes(of: source)
            _ = bytes.withUnsafeBytes { from in
                expected.withUnsafeMutableBytes { FloatCast.cast(from, of: .f32, into: $0, of: .bf16) }
            }
            #expect(try after.bytes(of: tensor) == expected)
            #expect(try ModelFile(opening: direct).tensor(at: index).contentHash == tensor.contentHash)
        }
    }

    @Test func quantisedWeightsStay() throws {
        let scratch = try Scratch()
        let model = try scratch.convert(Self.checkpoint("gpt_oss_mxfp4"), to: "model.moe")
        let cast = try scratch.convert(model, to: "cast.moe") { $0.slimming.dtype = .f16 }
        try whole(cast)
        let (before, after) = (try ModelFile(opening: model), try ModelFile(opening: cast))
        for index in 0..<after.tensorCount {
            let (tensor, source) = (try after.tensor(at: index), try before.tensor(at: index))
            #expect(
                FloatCast.dtypes.contains(source.dtype)
                    ? tensor.dtype == .f16 : tensor.contentHash == source.contentHash)
        }
    }

    @Test func overflowIsAnErrorUnlessAllowed() throws {
        let scratch = try Scratch()
        let (blueprint, objects) = try HDF5Blueprint.holding(
            [SourceTensor(name: "w", dtype: .f32, shape: [4])], aliases: [])
        let writer = try HDF5Writer(scratch.path("big.h5"), blueprint)
        var values: [Float] = [1, 1e10, -3, 0.1]
        try values.withUnsafeMutableBytes { try writer.write($0, to: objects[0], elements: 0..<4) }
        try writer.finish()
        func cast(_ allowed: Bool) throws {
            try scratch.convert(scratch.path("big.h5"), to: "cast.moe") {
                $0.recognition.layout = .dense
                $0.slimming.dtype = .f16
                $0.slimming.allowsOverflow = allowed
            }
        }
        let error = #expect(throws: ConversionError.self) { try cast(false) }
        #expect(error?.kind == .damaged && error?.description.contains("w does not fit F16") == true)
        try cast(true)
        let file = try ModelFile(opening: scratch.path("cast.moe"))
        #expect(try file.bytes(of: file.tensor(at: 0)) == [0x00, 0x3C, 0x00, 0x7C, 0x00, 0xC2, 0x66, 0x2E])
    }

    // MARK: Equal tensors

    @Test(arguments: ["h5", "safetensors"])
    func equalTensorsAreStoredOnceAndComeBack(_ kind: String) throws {
        let scratch = try Scratch()
        let tensors = ["embed", "norm.0", "head", "norm.1"].map { SourceTensor(name: $0, dtype: .f32, shape: [2, 3]) }
        let (blueprint, objects) = try HDF5Blueprint.holding(tensors, aliases: [("tied", 0)])
        let writer = try HDF5Writer(scratch.path("source.h5"), blueprint)
        for (index, object) in objects.enumerated() {
            var values = (0..<6).map { Float($0) + (index % 2 == 0 ? 0.5 : 0) }
            try values.withUnsafeMutableBytes { try writer.write($0, to: object, elements: 0..<6) }
        }
        try writer.finish()
        let source =
            kind == "h5"
            ? scratch.path("source.h5") : try scratch.convert(scratch.path("source.h5"), to: "source.safetensors")
        let model = try scratch.convert(source, to: "model.moe") {
            $0.recognition.layout = .dense
            $0.slimming.deduplicates = true
        }
        try whole(model)
        let file = try ModelFile(opening: model)
        #expect(file.tensorCount == 2 && file.aliasCount == (kind == "h5" ? 3 : 2))
        #expect(try file.tensor(named: "head")?.name == "embed")
        try scratch.convert(model, to: "back.\(kind)")
        if kind == "h5" {
            #expect(try ComparableCatalog(scratch.path("back.h5")) == ComparableCatalog(source))
        } else {
            #expect(try scratch.bytes("back.safetensors") == scratch.bytes("source.safetensors"))
        }
        // What a `.moe` file has twice is found by its hashes.
        let plain = try scratch.convert(source, to: "plain.moe") { $0.recognition.layout = .dense }
        let again = try scratch.convert(plain, to: "again.moe") { $0.slimming.deduplicates = true }
        try whole(again)
        #expect(try ModelFile(opening: again).tensorCount == 2)
        try scratch.convert(again, to: "again.\(kind)")
        #expect(try scratch.bytes("again.\(kind)") == scratch.bytes("back.\(kind)"))
    }
}
