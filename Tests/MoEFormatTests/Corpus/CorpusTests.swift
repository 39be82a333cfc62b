import CZstd
import Foundation
import Testing

@testable import MoEFormat

/// Files that an encoder without any code of ours made: valid ones give their bytes, invalid ones break just their rule.
@Suite struct CorpusTests {
    // MARK: Valid files

    struct Golden: CustomStringConvertible, Sendable {
        let description: String
        let expected: JSONValue
    }

    static let golden: [Golden] = {
        guard let value = try? JSONParser.parse(Array(Data(contentsOf: Corpus.url("golden/expected.json")))),
            let files = value.object
        else { return [] }
        return files.members.map { Golden(description: $0.key, expected: $0.value) }
    }()

    @Test(arguments: golden)
    func goldenFilesGiveTheirBytes(golden: Golden) throws {
        let file = try ModelFile(opening: Corpus.path("golden/" + golden.description))
        let expected = golden.expected["tensors"]?.array ?? []
        #expect(file.tensorCount == expected.count)
        for tensor in expected {
            let name = try #require(tensor["name"]?.string)
            let found = try #require(try file.tensor(named: name))
            #expect(found.shape == (tensor["shape"]?.array ?? []).compactMap(\.integer), "\(name)")
            let bytes = try file.bytes(of: found)
            if let hex = tensor["hex"]?.string {
                #expect(bytes.map { String(UInt16($0) + 0x100, radix: 16).dropFirst() }.joined() == hex, "\(name)")
            }
        }
        for (alias, tensor) in golden.expected["aliases"]?.object?.members ?? [] {
            #expect(try file.tensor(named: alias)?.name == tensor.string)
        }
        #expect(file.banks.map(\.path) == (golden.expected["banks"]?.array ?? []).compactMap { $0["path"]?.string })
        let members = (golden.expected["members"]?.array ?? []).compactMap(\.string)
        #expect((file.set?.memberCount ?? 0) == members.count)
        let verification = try Verification(of: file)
        #expect(verification.isWhole, "\(verification.findings)")
        // A member that is named opens the set.
        for member in members {
            let same = try ModelFile(opening: Corpus.path("golden/" + member))
            #expect(same.path == file.path && same.tensorCount == file.tensorCount)
        }
    }

    @Test func everyGoldenFileIsListed() throws {
        let members = Self.golden.flatMap { ($0.expected["members"]?.array ?? []).compactMap(\.string) }
        #expect(Set(Self.golden.map(\.description) + members) == Set(try Corpus.files(in: "golden")))
        #expect(!members.isEmpty)
        #expect(!Self.golden.isEmpty)
    }

    // MARK: Invalid files

    struct Invalid: CustomStringConvertible, Sendable {
        let file: String
        let rule: String
        let moment: String
        let entry: JSONValue

        /// The rule, and those that may be noticed first because they break with it.
        var rules: [String] { [rule] + (entry["also"]?.array ?? []).compactMap(\.string) }

        var description: String { file }
    }

    static let invalid: [Invalid] = {
        guard let value = try? JSONParser.parse(Array(Data(contentsOf: Corpus.url("invalid/index.json")))) else {
            return []
        }
        return (value.array ?? []).map {
            Invalid(
                file: $0["file"]?.string ?? "", rule: $0["rule"]?.string ?? "", moment: $0["moment"]?.string ?? "",
                entry: $0)
        }
    }()

    @Test(arguments: invalid)
    func invalidFilesBreakTheirRule(invalid: Invalid) throws {
        let path = try Corpus.path(invalid)
        switch invalid.moment {
        case "open":
            let error = #expect(throws: FormatError.self) { try ModelFile(opening: path) }
            #expect(error?.rule?.description == invalid.rule, "\(String(describing: error))")
        case "use":
            // We read the banks when a file is opened: what is wrong with them shows then.
            let error = #expect(throws: FormatError.self) { try use(invalid.entry, of: ModelFile(opening: path)) }
            #expect(invalid.rules.contains(error?.rule?.description ?? ""), "\(String(describing: error))")
        default:
            let file = try ModelFile(opening: path)
            let rules = try Verification(of: file).findings.compactMap(\.error.rule?.description)
            #expect(!Set(rules).isDisjoint(with: invalid.rules), "\(rules)")
        }
    }

    /// Whatever breaks when it is used is also found by a verification, unless the file needs a later version.
    @Test(arguments: invalid.filter { $0.moment == "use" })
    func verificationFindsWhatUseWouldFind(invalid: Invalid) throws {
        do {
            try use(invalid.entry, of: ModelFile(opening: Corpus.path(invalid)))
        } catch let error as FormatError where error.kind == .unsupported {
            return
        } catch {}
        guard let file = try? ModelFile(opening: Corpus.path(invalid)) else { return }
        #expect(try !Verification(of: file).isWhole)
    }

    private func use(_ entry: JSONValue, of file: ModelFile) throws {
        if let name = entry["tensor"]?.string {
            guard let tensor = try file.tensor(named: name) else { return }
            _ = try file.bytes(of: tensor)
        } else if let name = entry["links_of"]?.string {
            guard let tensor = try file.tensor(named: name) else { return }
            for part in try file.parts(of: tensor) { _ = try file.companions(of: part) }
        } else if let bank = entry["bank"]?.integer {
            let bank = file.banks[bank]
            if let expert = entry["expert"]?.integer {
                try read(file.block(ofExpert: expert, in: bank), of: file)
            } else if let shared = entry["shared"]?.integer {
                try read(file.block(ofShared: shared, in: bank), of: file)
            } else if let router = try file.routerBlock(of: bank) {
                try read(router, of: file)
            }
        } else if entry["section"]?.string == "config" {
            _ = try file.configuration()
        } else if entry["section"]?.string == "source" {
            _ = try file.source()
        }
    }

    /// Everything that reading a block whole asks of it.
    private func read(_ block: Block, of file: ModelFile) throws {
        try file.checkLayer(of: block)
        _ = try file.chunkTable(of: block)
        for part in block.parts {
            _ = try file.companions(of: part)
            let tensor = try file.tensor(at: part.tensor)
            let start = part.record.startElement
            _ = try file.bytes(of: tensor, elements: start..<start + part.elementCount)
        }
    }

    @Test func everyInvalidFileIsListedAndEveryRuleHasOne() throws {
        let names = Self.invalid.map(\.file)
        let files = Set(try Corpus.files(in: "invalid"))
        #expect(Set(names).isSubset(of: files))
        let sets = names.map(SetName.init(head:))
        for other in files.subtracting(names) { #expect(sets.contains { $0.hasMember(named: other) }, "\(other)") }
        let specification = try String(contentsOf: Corpus.url("../SPEC.md"), encoding: .utf8)
        let rules = Set(specification.matches(of: /\n\| (R\d\d) \|/).map { String($0.output.1) })
        #expect(rules.count > 50)
        #expect(Set(Self.invalid.map(\.rule)) == rules)
    }
}

enum Corpus {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "fixtures")

    static func url(_ path: String) -> URL { root.appending(path: path) }

    static func path(_ path: String) -> String { url(path).path(percentEncoded: false) }

    /// An invalid file, decompressed where it is long and says little.
    static func path(_ invalid: CorpusTests.Invalid) throws -> String {
        let stored = path("invalid/" + invalid.file)
        guard stored.hasSuffix(".zst") else { return stored }
        let frame = try Data(contentsOf: URL(filePath: stored))
        let header = frame.withUnsafeBytes { moe_zstd_examine($0.baseAddress, $0.count) }
        var bytes = Data(count: Int(header.content_size))
        let decoded = bytes.withUnsafeMutableBytes { target in
            frame.withUnsafeBytes { ZSTD_decompress(target.baseAddress, target.count, $0.baseAddress, $0.count) }
        }
        try #require(decoded == bytes.count)
        let place = FileManager.default.temporaryDirectory.appending(path: "moe-corpus-\(invalid.file.dropLast(4))")
        try bytes.write(to: place)
        return place.path(percentEncoded: false)
    }

    /// The `.moe` files of a folder, compressed ones included.
    static func files(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path(folder)).filter {
            $0.hasSuffix(".moe") || $0.hasSuffix(".moe.zst")
        }
    }
}
