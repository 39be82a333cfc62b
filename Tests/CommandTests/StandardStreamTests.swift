import Foundation
import Testing

/// Results that cannot be written are a failure, and streams that are closed are no files to write into.
@Suite struct StandardStreamTests {
    private static let model = Repository.path("fixtures/written/mixtral.moe")
    private static let checkpoint = Repository.path("fixtures/cases/mixtral/checkpoint.h5")

    @Test(arguments: [">/dev/full", ">&-"]) func lostResultsAreAFailure(redirection: String) throws {
        for arguments in [[Self.model], ["verify", Self.model], ["extract", Self.model, "lm_head/weight", "-o", "-"]] {
            let outcome = try Command.inspect.start(arguments, redirection: redirection)
            #expect(outcome.status == 74, "\(arguments) \(redirection): \(outcome.error)")
            #expect(outcome.errorLines.count == 1 && outcome.error.contains("standard output"), "\(outcome.error)")
        }
        #expect(try Command.run.start(["--help"], redirection: redirection).status == 74)
    }

    /// With a stream closed its number is free: the output must not get it, or reports would be written into it.
    @Test(arguments: ["<&-", "<&- >&-", "<&- >&- 2>&-"]) func anOutputIsNoStream(redirection: String) throws {
        let directory = try TemporaryDirectory()
        #expect(try Command.convert(Self.checkpoint, directory.file("a.moe")).status == 0)
        _ = try Command.convert.start([Self.checkpoint, directory.file("b.moe")], redirection: redirection)
        let a = try Data(contentsOf: URL(filePath: directory.file("a.moe")))
        #expect(try Data(contentsOf: URL(filePath: directory.file("b.moe"))) == a)
    }

    @Test func argumentsThatAreNotUTF8AreRefused() throws {
        let directory = try TemporaryDirectory()
        let outcome = try Command.convert.start(
            [Self.checkpoint, directory.file("out.moe")], redirection: #""$(printf '\377')""#)
        #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome.error)")
        #expect(directory.names.isEmpty)
    }
}
