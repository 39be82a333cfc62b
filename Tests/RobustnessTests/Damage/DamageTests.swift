import Foundation
import MoEFormat
import MoESystem
import Testing

/// A file of which one bit changed, or the end is missing: readers give what was written, or an error by a rule.
@Suite struct DamageTests {
    /// The samples, and every file of the corpus that another writer made.
    static let files: [DamagedFile] =
        SampleFile.small.map { DamagedFile(name: $0.rawValue, load: $0.bytes) } + DamagedFile.golden

    /// All bytes of a file are covered by a hash, so `verify` finds each flip; reading without it never gives wrong values.
    @Test(arguments: files) func everyFlippedBitIsFound(file: DamagedFile) throws {
        let bytes = try file.load()
        let scratch = ScratchFile()
        scratch.replace(with: bytes)
        let whole = try FileContents(ModelFile(opening: scratch.path))
        // One byte in a few, others each time; all of them with MOE_THOROUGH=1.
        let step = DamagedFile.isThorough ? 1 : max(1, bytes.count / 250)
        let start = Int.random(in: 0..<step)
        for index in stride(from: start, to: bytes.count, by: step) {
            var damaged = bytes
            damaged[index] ^= 1 << UInt8(index % 8)
            scratch.replace(with: damaged)
            let place = "bit \(index % 8) of byte \(index)"
            do {
                let opened = try ModelFile(opening: scratch.path)
                if let contents = try? FileContents(opened) { #expect(contents == whole, "\(place)") }
                let verification = try Verification(of: opened, workers: Workers(1))
                #expect(!verification.isWhole, "\(place)")
                for finding in verification.findings { #expect(finding.error.rule != nil, "\(place): \(finding)") }
            } catch let error as FormatError {
                #expect(error.rule != nil, "\(place): \(error)")
            }
        }
    }

    /// Cut anywhere, or with bytes behind its end, a file does not open.
    @Test(arguments: files) func everyTruncationIsRefused(file: DamagedFile) throws {
        let bytes = try file.load()
        let scratch = ScratchFile()
        let step = DamagedFile.isThorough ? 1 : max(1, bytes.count / 500)
        for length in stride(from: Int.random(in: 0..<step), to: bytes.count, by: step) {
            scratch.replace(with: Array(bytes.prefix(length)))
            do throws(FormatError) {
                _ = try ModelFile(opening: scratch.path)
                Issue.record("\(length) of \(bytes.count) bytes open")
            } catch {
                #expect(error.rule != nil && error.kind == .damaged, "\(length) bytes: \(error)")
            }
        }
        for extra in [1, 8, 64, 4096] {
            scratch.replace(with: bytes + [UInt8](repeating: 0, count: extra))
            #expect(throws: FormatError.self) { try ModelFile(opening: scratch.path) }
        }
    }
}

/// A whole file that tests damage.
struct DamagedFile: CustomTestStringConvertible, Sendable {
    let name: String
    let load: @Sendable () throws -> [UInt8]

    var testDescription: String { name }

    /// Whether tests are to take their time and leave no byte out.
    static let isThorough = ProcessInfo.processInfo.environment["MOE_THOROUGH"] != nil

    static let golden: [DamagedFile] = {
        let folder = URL(filePath: #filePath).appending(path: "../../../../fixtures/golden").standardized
        let files =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: [.fileSizeKey])) ?? []
        // A set is more than one file: SetDamageTests.
        let alone = files.filter { $0.pathExtension == "moe" && !$0.lastPathComponent.hasPrefix("set-") }
        return alone.sorted { $0.path < $1.path }.map { url in
            DamagedFile(name: url.lastPathComponent) { [UInt8](try Data(contentsOf: url)) }
        }
    }()
}
