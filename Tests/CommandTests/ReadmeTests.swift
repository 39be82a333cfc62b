import Foundation
import Testing

/// What the README lists is what the golden cases prove.
@Suite struct ReadmeTests {
    @Test func everyListedFamilyHasItsGoldenCasesAndEveryCaseIsListed() throws {
        let readme = try String(contentsOfFile: Repository.path("README.md"), encoding: .utf8)
        let table = try #require(readme.firstMatch(of: /(?s)<!-- families:begin -->(.*?)<!-- families:end -->/)).output
            .1
        let listed = Set(table.matches(of: /`([a-z0-9_]+)`/).map { String($0.output.1) })
        let cases = Repository.directories(in: "fixtures/reference/cases", holding: "expected.json").map {
            $0.split(separator: "/").last.map(String.init) ?? ""
        }
        let refused: Set<String> = ["zaya", "doge"]
        #expect(listed == Set(cases).subtracting(refused))
    }

    /// A router outside the described kinds: converted whole, refused at run time with its reason.
    @Test(arguments: ["zaya", "doge"])
    func routersOutsideTheKindsAreRefusedWithTheirReason(name: String) throws {
        let directory = try TemporaryDirectory()
        let file = directory.file("model.moe")
        let converted = try Command.convert(Repository.path("fixtures/reference/cases/\(name)/checkpoint.h5"), file)
        try #require(converted.status == 0, "\(converted.error)")
        #expect(try Command.inspect("verify", file).status == 0)
        try NumPyFile.write([[Float](repeating: 0, count: 8)], to: directory.file("x.npy"))
        let path = try #require(
            String(decoding: Command.inspect(file, "--json").output, as: UTF8.self).firstMatch(of: /"path": "([^"]+)"/)
        ).output.1
        let outcome = try Command.run(
            file, "--layer", String(path), "--input", directory.file("x.npy"), "--output", directory.file("y.npy"))
        #expect(outcome.status == 69)
        #expect(outcome.errorLines.count == 1 && outcome.error.contains("router"), "\(outcome.error)")
        #expect(!directory.names.contains("y.npy"))
    }
}
