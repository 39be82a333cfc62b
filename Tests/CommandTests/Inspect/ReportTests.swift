import Foundation
import MoEFormat
import MoESystem
import Testing

@testable import InspectCommands

/// `moe-inspect report`: one page that runs only its own script and holds names as text.
@Suite struct ReportTests {
    private static let model = Repository.path("fixtures/written/mixtral.moe")

    private func report(_ arguments: String...) throws -> String {
        let outcome = try Command.inspect.start(["report"] + arguments + ["-o", "-", "--quiet"])
        try #require(outcome.status == 0, "\(outcome.error)")
        return outcome.text
    }

    private func data(of page: String) throws -> (text: String, value: JSONValue) {
        let match = try #require(
            page.firstMatch(of: /(?s)<script type="application\/json" id="data">(.*?)<\/script>/))
        let text = String(match.output.1)
        return (text, try JSONParser.parse(Array(text.utf8)))
    }

    /// The names as the page's script puts them together.
    private func names(_ data: JSONValue) throws -> [String] {
        let templates = try #require(data["templates"]?.array).map { ($0.array ?? []).compactMap(\.string) }
        var numbers = try #require(data["tensors"]?["numbers"]?.array).compactMap(\.integer)[...]
        return try #require(data["tensors"]?["template"]?.array).map { index in
            let texts = templates[try #require(index.integer)]
            return texts.dropFirst().reduce(texts[0]) { $0 + "\(numbers.removeFirst())" + $1 }
        }
    }

    @Test func thePolicyNamesExactlyThePagesScriptAndStyle() throws {
        let page = try report(Self.model)
        let policy = try #require(
            page.firstMatch(of: /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/)
        ).output.1
        let style = try #require(page.firstMatch(of: /(?s)<style>(.*?)<\/style>/)).output.1
        let scripts = page.matches(of: /(?s)<script>(.*?)<\/script>/).map(\.output.1)
        #expect(scripts.count == 1 && page.matches(of: /<script/).count == 2 && page.matches(of: /<style/).count == 1)
        #expect(
            policy
                == "default-src 'none'; script-src 'sha256-\(try Self.digest(scripts[0]))'; style-src 'sha256-\(try Self.digest(style))'; base-uri 'none'; form-action 'none'"
        )
        // Nothing to load, nothing that runs from an attribute, no markup that a script makes.
        #expect(page.firstMatch(of: /https?:|\ssrc=|\shref=|\sstyle=|\son[a-z]+=/) == nil)
        #expect(page.firstMatch(of: /innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Function\(/) == nil)
    }

    /// The digest by another implementation: the system's.
    private static func digest(_ text: Substring) throws -> String {
        let directory = try TemporaryDirectory()
        let file = directory.file("text")
        try Data(text.utf8).write(to: URL(filePath: file))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            "import base64,hashlib,sys;print(base64.b64encode(hashlib.sha256(open(sys.argv[1],'rb').read()).digest()).decode(),end='')",
            file,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    /// Modules whose names Unicode holds for equivalent have a tile and a title each.
    @Test func placesAreComparedByBytes() {
        let names = ["\u{E9}.0.w", "e\u{301}.0.w"]
        let places = names.map { TensorPlace(name: $0, role: nil, bank: nil) }
        #expect(places[0] != places[1] && places[0] == TensorPlace(name: names[0], role: nil, bank: nil))
        let titles = TensorPlace.titles(of: ["\u{E9}", "e\u{301}", "a.layers.3", "b.layers.3", "c.layers.4"])
        #expect(titles == ["\u{E9}", "e\u{301}", "a.layers.3", "b.layers.3", "layer 4"])
    }

    @Test func digestsAreThoseOfTheStandard() {
        #expect(SHA256.base64(of: Array("abc".utf8)) == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=")
        #expect(SHA256.base64(of: []) == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
        let two = Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8)
        #expect(SHA256.base64(of: two) == "JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=")
    }

    @Test func namesAreTextWhateverTheyHold() throws {
        let directory = try TemporaryDirectory()
        var file = SafetensorsFile()
        for name in SafetensorsFile.hostileNames { file.add(name, [1, 2] as [Float]) }
        let path = directory.file("<b>&\u{202E}.moe")
        try file.convert(to: path)
        let page = try report(path)
        let (text, value) = try data(of: page)
        #expect(!text.contains(where: { "<>&\u{2028}\u{2029}\u{202E}\u{1B}\u{9B}".contains($0) }))
        for name in SafetensorsFile.hostileNames where name.contains("<") { #expect(!page.contains(name)) }
        // Nothing is lost, and what would steer eyes or terminals is written out.
        let shown = SafetensorsFile.hostileNames.map {
            $0.replacing("\u{1B}", with: #"\u{1b}"#).replacing("\u{202E}", with: #"\u{202e}"#)
                .replacing("\u{9B}", with: #"\u{9b}"#).replacing("\u{2028}", with: #"\u{2028}"#)
        }
        #expect(Set(try names(value)) == Set(shown))
        #expect(value["file"]?["name"]?.string == #"<b>&\u{202e}.moe"#)
    }

    @Test func numbersAreThoseOfTheOtherCommands() throws {
        let (_, value) = try data(of: report(Self.model))
        let summary = try Command.inspect(Self.model, "--json", "--tensors").json()
        #expect(
            value["file"]?["decoded"] == summary["tensor_bytes"] && value["file"]?["stored"] == summary["stored_bytes"])
        #expect(try names(value) == summary["tensors"]?.array?.compactMap { $0["name"]?.string })
        let norms = try Command.inspect("norms", Self.model, "--json").json()
        for (layer, heat) in zip(norms["layers"]?.array ?? [], value["heat"]?.array ?? []) {
            for (expert, norm) in zip(layer["experts"]?.array ?? [], heat["norm"]?.array ?? []) {
                let exact = try #require(expert["norm"]?.number)
                #expect(abs(try #require(norm.number) - exact) < 1e-6 * exact)
            }
        }
        let dtype = try #require(value["dtypes"]?.array?.first)
        let planes = try #require(dtype["planes"]?.array).compactMap(\.integer)
        #expect(dtype["name"] == "F32" && planes.count == 4)
        // Planes and their headers are all that is stored.
        let stored = try #require(dtype["stored"]?.integer)
        #expect(planes.reduce(0, +) < stored && planes.reduce(0, +) > stored * 9 / 10)
        let tiles = try #require(value["tiles"]?.array)
        #expect(tiles.reduce(0) { $0 + ($1["stored"]?.integer ?? 0) } == summary["stored_bytes"]?.integer)
        #expect(tiles.reduce(0) { $0 + ($1["tensors"]?.integer ?? 0) } == 65)
        #expect(value["groups"] == ["layer 0", "layer 1", "Outside the layers"] || value["groups"]?.array?.count == 3)
    }

    @Test func theSameFileGivesTheSamePage() throws {
        let first = try report(Self.model, "--jobs", "1")
        #expect(try report(Self.model, "--jobs", "2") == first)
        // How it is stored changes sizes, not weights.
        let raw = try data(of: report(Repository.path("fixtures/written/mixtral-raw.moe"))).value
        #expect(raw["heat"]?.array?.first?["norm"] == (try data(of: first).value["heat"]?.array?.first?["norm"]))
    }

    @Test func tracesAreCountedAndReplayedByTheRuntimesCache() throws {
        let directory = try TemporaryDirectory()
        let trace = directory.file("t.jsonl")
        let steps = (0..<30).map { "{\"tok\": \($0), \"layers\": [[\($0 % 8), \($0 * 3 % 8)], [0, \($0 % 5)]]}" }
        try Data(steps.joined(separator: "\n").utf8).write(to: URL(filePath: trace))
        let plain = try data(of: report(Self.model, "--trace", trace, "--quick")).value
        #expect(plain["trace"]?["tokens"] == 30 && plain["trace"]?["budget"] == .null)
        #expect(plain["heat"]?.array?[1]["uses"]?.array?.first == 30 && plain["heat"]?.array?[1]["norm"] == .null)
        let cached = try data(of: report(Self.model, "--trace", trace, "--budget", "30%")).value
        let replay = try Command.run(Self.model, "--replay", trace, "--budget", "30%", "--stats").json()
        for (key, name) in [
            ("hits", "hits"), ("misses", "misses"), ("belady", "belady_hits"), ("budget", "memory_budget"),
        ] {
            #expect(cached["trace"]?[key] == replay[name], "\(key)")
        }
        let hits = (cached["heat"]?.array ?? []).flatMap { $0["hits"]?.array ?? [] }.compactMap(\.integer)
        #expect(hits.reduce(0, +) == replay["hits"]?.integer && hits.contains { $0 > 0 })
        for (arguments, status) in [
            (["--budget", "30%"], 64), (["--trace", directory.file("none"), "--budget", "1%"], 66),
            (["--trace", trace, "--budget", "1KiB"], 64), (["--trace", Self.model], 65),
        ] as [([String], Int32)] {
            let outcome = try Command.inspect.start(
                ["report", Self.model, "-o", directory.file("out.html")] + arguments)
            #expect(outcome.status == status && outcome.errorLines.count == 1, "\(arguments): \(outcome.error)")
        }
        #expect(directory.names == ["t.jsonl"])
    }

    @Test func outputsAppearWholeOrNotAtAll() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("r.html")
        #expect(try Command.inspect("report", Self.model, "-o", path).status == 0)
        let page = try Data(contentsOf: URL(filePath: path))
        let taken = try Command.inspect("report", Self.model, "-o", path)
        #expect(taken.status == 73 && taken.errorLines.count == 1, "\(taken.error)")
        #expect(try Command.inspect("report", Self.model, "-o", path, "--force").status == 0)
        #expect(try Data(contentsOf: URL(filePath: path)) == page)
        #expect(try Command.inspect("report", Self.model, "-o", directory.file("no/r.html")).status == 73)
        try Data("nonsense".utf8).write(to: URL(filePath: directory.file("bad.moe")))
        #expect(try Command.inspect("report", directory.file("bad.moe"), "-o", directory.file("bad.html")).status == 65)
        #expect(directory.names == ["bad.moe", "r.html"])
    }

    /// Every golden file, whatever is in it, can be drawn.
    @Test func everyGoldenFileHasAPicture() throws {
        let room = Repository.path("fixtures/golden")
        for name in try FileManager.default.contentsOfDirectory(atPath: room).sorted() where name.hasSuffix(".moe") {
            let file = try ModelFile(opening: room + "/" + name)
            let scan = try ModelScan(of: file, decodes: true, workers: Workers(1)) { _ in }
            let value = ReportData(scan, routing: nil, traceName: "").json
            #expect(try names(value).count == file.tensorCount, "\(name)")
            let tiles = (value["tiles"]?.array ?? []).reduce(0) { $0 + ($1["tensors"]?.integer ?? 0) }
            #expect(tiles == file.tensorCount, "\(name)")
        }
    }
}
