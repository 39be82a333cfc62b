import Foundation
import MoEFormat
import MoERuntime
import MoESystem
import Testing

/// Sets of which a file is damaged, missing or another's: what is read is what was written, or an error says which file is wrong.
@Suite struct SetDamageTests {
    static let sets = ["set-of-files", "set-with-an-empty-member"]

    /// A copy of a golden set that goes with the test.
    private final class Copy {
        private let folder = FileManager.default.temporaryDirectory.appending(path: "moe-set-\(UUID().uuidString)")
        let head: String

        init(_ name: String, as own: String = "m") throws {
            let golden = URL(filePath: #filePath).appending(path: "../../../../fixtures/golden").standardized
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            for file in try FileManager.default.contentsOfDirectory(atPath: golden.path)
            where file.hasPrefix(name + "-0") || file == name + ".moe" {
                try FileManager.default.copyItem(
                    at: golden.appending(path: file), to: folder.appending(path: own + file.dropFirst(name.count)))
            }
            head = folder.appending(path: own + ".moe").path
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// The head and the members, in order.
        var paths: [String] { [head] + SetName(head: head).existingMembers }
    }

    private static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// All bytes of all files are covered by a hash.
    @Test(arguments: sets) func everyFlippedBitIsFound(name: String) throws {
        let copy = try Copy(name)
        let whole = try FileContents(ModelFile(opening: copy.head))
        for path in copy.paths {
            let bytes = try Self.bytes(path)
            let step = DamagedFile.isThorough ? 1 : max(1, bytes.count / 150)
            for index in stride(from: Int.random(in: 0..<step), to: bytes.count, by: step) {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(index % 8)
                try Self.write(damaged, to: path)
                let place = "bit \(index % 8) of byte \(index) of \(path)"
                do {
                    let opened = try ModelFile(opening: copy.head)
                    if let contents = try? FileContents(opened) { #expect(contents == whole, "\(place)") }
                    let verification = try Verification(of: opened, workers: Workers(1))
                    #expect(!verification.isWhole, "\(place)")
                    for finding in verification.findings {
                        #expect(finding.error.rule != nil, "\(place): \(finding)")
                        #expect(
                            path == copy.head || finding.error.file == SetName.file(of: path), "\(place): \(finding)")
                    }
                } catch let error as FormatError {
                    #expect(error.rule != nil && path == copy.head, "\(place): \(error)")
                }
            }
            try Self.write(bytes, to: path)
        }
    }

    /// The layer's output with every file in its place, for each engine.
    private static func output(_ path: String, _ engine: IOEngine) throws -> [Float] {
        let model = try MoEModel(
            opening: path, options: .init(memoryBudget: .mebibytes(1), engine: engine, jobs: 2))
        let layer = try model.layer(0)
        let hidden = (0..<5 * layer.hiddenSize).map { Float($0 % 7) - 3 }
        return try layer.forward(hidden, tokens: 5).output
    }

    @Test(arguments: IOEngine.allCases) func aSetRunsAsTheOneFileDoes(engine: IOEngine) throws {
        let alone = URL(filePath: #filePath).appending(path: "../../../../fixtures/golden/layer.moe").standardized
        let expected = try Self.output(alone.path, .read)
        for name in Self.sets {
            let copy = try Copy(name)
            #expect(try Self.output(copy.head, engine) == expected)
            #expect(try Self.output(#require(copy.paths.last), engine) == expected)
        }
    }

    @Test(arguments: sets) func aMissingMemberIsNamed(name: String) throws {
        for number in 1..<(try Copy(name).paths.count) {
            let copy = try Copy(name)
            let path = copy.paths[number]
            try FileManager.default.removeItem(atPath: path)
            // The head opens, and says what it knows.
            let file = try ModelFile(opening: copy.head)
            #expect(file.tensorCount == 13)
            let error = #expect(throws: FormatError.self) { try file.set?.checkMembers() }
            #expect(error?.kind == .io && error?.cause?.isUnopenable == true)
            #expect(error?.description.contains(path) == true)
            #expect(throws: FormatError.self) { try Verification(of: file) }
            let runtime = #expect(throws: RuntimeError.self) { try MoEModel(opening: copy.head) }
            #expect("\(runtime!)".contains(path))
        }
    }

    @Test(arguments: sets) func aSwappedMemberIsNamed(name: String) throws {
        let copy = try Copy(name)
        let (first, last) = (copy.paths[1], try #require(copy.paths.last))
        let (a, b) = (try Self.bytes(first), try Self.bytes(last))
        try Self.write(b, to: first)
        try Self.write(a, to: last)
        let file = try ModelFile(opening: copy.head)
        let error = #expect(throws: FormatError.self) { try file.set?.checkMembers() }
        #expect(error?.rule?.description == "R95" && error?.file == SetName.file(of: first), "\(error!)")
        #expect(try Verification(of: file).findings.allSatisfy { $0.error.rule?.description == "R95" })
        // By the name of a member, too: what it says of itself is not what its name says.
        #expect(throws: FormatError.self) { try ModelFile(opening: first) }
    }

    @Test(arguments: sets) func aShortenedMemberIsNamed(name: String) throws {
        let copy = try Copy(name)
        let path = copy.paths[1]
        let bytes = try Self.bytes(path)
        for length in [0, 63, 64, bytes.count / 2, bytes.count - 1] {
            try Self.write(Array(bytes.prefix(length)), to: path)
            let error = #expect(throws: FormatError.self) { try ModelFile(opening: copy.head).set?.checkMembers() }
            #expect(error?.rule?.description == "R95" && error?.file == SetName.file(of: path), "\(error!)")
        }
    }

    /// A member of an older set of the same name and shape; first while the new set is open, then before it is opened.
    @Test func aMemberThatIsReplacedIsNeverMixedIn() throws {
        let copy = try Copy("set-of-files")
        let whole = try FileContents(ModelFile(opening: copy.head))
        let early = try ModelFile(opening: copy.head)
        try early.set?.checkMembers()
        let late = try ModelFile(opening: copy.head)
        // The same bytes but for the set's id: all that tells a member of another conversion of the same shape.
        let other = try Copy("set-with-an-empty-member")
        let path = copy.paths[2]
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: other.paths[1], toPath: path)
        // What was open stays what it was; what was not is refused.
        #expect(try FileContents(early) == whole)
        #expect(throws: FormatError.self) { try FileContents(late) }
        #expect(throws: FormatError.self) { try ModelFile(opening: copy.head).set?.checkMembers() }
    }

    /// A member cut short while its blocks are mapped: an error, never a crash.
    @Test func truncationOfAMappedMemberIsAnError() throws {
        let copy = try Copy("set-of-files")
        let model = try MoEModel(
            opening: copy.head, options: .init(memoryBudget: .mebibytes(1), engine: .mapped, jobs: 2))
        let layer = try model.layer(0)
        let hidden = (0..<5 * layer.hiddenSize).map { Float($0 % 7) - 3 }
        _ = try layer.forward(hidden, tokens: 5)
        for path in copy.paths.dropFirst() {
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.truncate(atOffset: 0)
            try handle.close()
        }
        let error = #expect(throws: RuntimeError.self) { try layer.forward(hidden, tokens: 5) }
        #expect("\(error!)".contains("-of-00002.moe"))
    }

    @Test func aRenamedSetOpensByItsNewName() throws {
        let copy = try Copy("set-of-files", as: "renamed")
        #expect(try FileContents(ModelFile(opening: copy.paths[1])) == FileContents(ModelFile(opening: copy.head)))
        // The head alone under another name finds no members; a member alone finds no head.
        let lonely = copy.head + ".moe"
        try FileManager.default.moveItem(atPath: copy.head, toPath: lonely)
        #expect(throws: FormatError.self) { try ModelFile(opening: lonely).set?.checkMembers() }
        let member = try #require(SetName(head: copy.head).existingMembers.first)
        let error = #expect(throws: FormatError.self) { try ModelFile(opening: member) }
        #expect(error?.kind == .io && error?.description.contains("renamed.moe") == true)
        let strange = copy.head + "-part.moe"
        try FileManager.default.moveItem(atPath: member, toPath: strange)
        let usage = #expect(throws: FormatError.self) { try ModelFile(opening: strange) }
        #expect(usage?.kind == .usage && usage?.description.contains("file 1 of 2") == true)
    }
}
