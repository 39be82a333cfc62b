import Foundation
import MoESystem
import Testing

/// What a killed process leaves of an output is gone with the next one; what a living one writes is not.
@Suite struct AbandonedSiblingTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appending(path: "moe-outputs-\(UUID().uuidString)")

        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }

        func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }
        var names: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: url.path(percentEncoded: false)).sorted() }
        }
        func write(_ name: String) throws { try Data("bytes".utf8).write(to: url.appending(path: name)) }
    }

    @Test func theNextOutputRemovesThem() throws {
        let folder = try Folder()
        let others = [
            ".o.moe.1x2y3z.par", ".o.moe.1X.part", ".o.moe..part", ".o.moe.0123456789abcd.part", ".o.moe.a.b.part",
            ".p.moe.1x2y3z.part", "o.moe.1x2y3z.part", "o.moe",
        ]
        for name in [".o.moe.1x2y3z.part", ".o.moe.0.part"] + others { try folder.write(name) }
        // No files of ours.
        try FileManager.default.createDirectory(
            atPath: folder.path(".o.moe.d.part"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path(".o.moe.l.part"), withDestinationPath: folder.path("o.moe"))
        let output = try AtomicOutput(folder.path("o.moe"), replacing: true)
        #expect(try folder.names == (others + [".o.moe.d.part", ".o.moe.l.part"]).sorted())
        output.discard()
    }

    /// Few characters may be many bytes, and the name beside it must not be too long for the file system.
    @Test func aNameOfLongCharactersCanBeReplaced() throws {
        let folder = try Folder()
        let path = folder.path(String(repeating: "e" + String(repeating: "\u{301}", count: 11), count: 10))
        for _ in 0..<2 {
            let output = try AtomicOutput(path, replacing: true)
            try output.write([1, 2, 3])
            try output.commit()
        }
        #expect(try folder.names.count == 1)
    }

    @Test func whatIsBeingWrittenStays() throws {
        let folder = try Folder()
        let path = folder.path("o.moe")
        let first = try AtomicOutput(path, replacing: true)
        try first.write(Array("first".utf8))
        let sibling = try first.siblingPath()
        let second = try AtomicOutput(path, replacing: true)
        try second.write(Array("second".utf8))
        #expect(FileManager.default.fileExists(atPath: sibling))
        try first.commit()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "first")
        try second.commit()
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        #expect(try folder.names == ["o.moe"])
    }

    @Test func severalAppearTogether() throws {
        let folder = try Folder()
        try folder.write("b")
        let outputs = try ["a", "b", "c"].map { try AtomicOutput(folder.path($0), replacing: true) }
        for output in outputs { try output.write(Array(output.path.utf8)) }
        #expect(try folder.names == ["b"])
        try AtomicOutput.commit(outputs)
        #expect(try folder.names == ["a", "b", "c"])
        for output in outputs { #expect(try String(contentsOfFile: output.path, encoding: .utf8) == output.path) }
    }

    /// One that cannot have its name: none has it, and nothing else is left.
    @Test func noneAppearsWhereOneCannot() throws {
        let folder = try Folder()
        let outputs = try ["a", "b"].map { try AtomicOutput(folder.path($0), replacing: true) }
        try FileManager.default.createDirectory(atPath: folder.path("b"), withIntermediateDirectories: false)
        #expect(throws: SystemError.self) { try AtomicOutput.commit(outputs.reversed()) }
        for output in outputs { output.discard() }
        #expect(try folder.names == ["b"])
    }
}
