import Foundation
import HDF5Source
import MoEFormat
import Testing

/// What fuzzers found, and what is worth keeping of what they reached: none of it may end the process.
@Suite struct FuzzRegressionTests {
    /// A file of `Cases/<fuzzer>`, byte for byte as the fuzzer made it.
    struct Case: CustomTestStringConvertible, Sendable {
        let fuzzer: String
        let file: URL

        var testDescription: String { "\(fuzzer)/\(file.lastPathComponent)" }

        func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: file)) }

        static func all(of fuzzer: String) -> [Case] {
            let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/\(fuzzer)")
            let files =
                (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
            return files.sorted { $0.path < $1.path }.map { Case(fuzzer: fuzzer, file: $0) }
        }
    }

    @Test(arguments: Case.all(of: "FuzzOpen")) func opens(found: Case) throws {
        let scratch = ScratchFile()
        let bytes = try found.bytes()
        ModelFileProperty.check(bytes, in: scratch)
        ModelFileProperty.check(HashRepair.repaired(bytes), in: scratch)
    }

    @Test(arguments: Case.all(of: "FuzzRun")) func runs(found: Case) throws {
        RuntimeProperty.check(HashRepair.repaired(try found.bytes()), in: ScratchFile())
    }

    @Test(arguments: Case.all(of: "FuzzSet")) func opensSets(found: Case) throws {
        let scratch = ScratchSet()
        let bytes = try found.bytes()
        SetProperty.check(bytes, in: scratch)
        guard let files = SetProperty.files(of: bytes) else { return }
        SetProperty.check(try #require(SetProperty.input(of: HashRepair.repaired(files))), in: scratch)
    }

    @Test(arguments: Case.all(of: "FuzzChunk")) func decodesChunks(found: Case) throws {
        ChunkProperty.check(try found.bytes(), decoder: try MoEFormat.ChunkDecoder())
    }

    @Test(arguments: Case.all(of: "FuzzJSON")) func readsJSON(found: Case) throws {
        JSONProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzSource")) func readsSources(found: Case) throws {
        SourceProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzNumPy")) func readsArrays(found: Case) throws {
        NumPyProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzRecognition")) func recognises(found: Case) throws {
        RecognitionProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzNames")) func recognisesNames(found: Case) throws {
        NamesProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzTrace")) func readsTraces(found: Case) throws {
        TraceProperty.check(try found.bytes(), in: ScratchFile())
    }

    @Test(arguments: Case.all(of: "FuzzArchive")) func readsArchives(found: Case) throws {
        ArchiveProperty.check(try found.bytes(), in: ScratchFile())
    }

    @Test(arguments: Case.all(of: "FuzzSafetensors")) func readsHeaders(found: Case) throws {
        SafetensorsProperty.check(try found.bytes())
    }

    @Test(arguments: Case.all(of: "FuzzCatalog")) func decodesCatalogs(found: Case) throws {
        CatalogProperty.check(try found.bytes())
    }

    /// What the fuzzer starts from is what workers say.
    @Test func catalogsOfRealFilesAreDecoded() {
        let folder = URL(filePath: #filePath).appending(path: "../../../../fixtures/hdf5").standardized
        let files = ["types", "names", "links", "odd"].map { folder.appending(path: "\($0).h5").path }
        let sections = SourceProperty.samples(of: files)
        #expect(sections.count == files.count && sections.allSatisfy { SourceProperty.check($0) })
        let inputs = CatalogSamples.inputs(of: files)
        #expect(inputs.count > 50)
        #expect(inputs.count { CatalogProperty.check($0) } > 40)
    }

    @Test(arguments: Case.all(of: "FuzzFilters")) func undoesFilters(found: Case) throws {
        FilterProperty.check(try found.bytes(), decoder: HDF5Source.ChunkDecoder())
    }

    /// Repairing changes nothing in a whole file: what it computes is what the writer wrote.
    @Test(arguments: SampleFile.allCases) func repairFindsTheHashesThatWritersWrite(sample: SampleFile) throws {
        let bytes = try sample.bytes()
        #expect(HashRepair.repaired(bytes) == bytes)
        #expect(ModelFileProperty.check(bytes, in: ScratchFile()))
    }

    /// The same of sets, which run too.
    @Test(arguments: [SampleFile.experts, .rawExperts, .quantized]) func samplesAreSetsToo(sample: SampleFile) throws {
        let files = try sample.files(limit: 1500)
        let isSame = HashRepair.repaired(files) == files
        #expect(isSame && files.count > 2)
        let input = try #require(SetProperty.input(of: files))
        let comesBack = SetProperty.files(of: input) == files
        #expect(comesBack)
        #expect(SetProperty.check(input, in: ScratchSet()))
    }

    /// Samples are models that run: otherwise a fuzzer that starts from them would reach little.
    @Test(arguments: [SampleFile.experts, .rawExperts, .quantized]) func samplesRun(sample: SampleFile) throws {
        #expect(RuntimeProperty.check(try sample.bytes(), in: ScratchFile()))
    }
}
