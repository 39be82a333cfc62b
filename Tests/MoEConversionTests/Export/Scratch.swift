import Foundation
import MoEFormat
import MoESystem

@testable import MoEConversion

/// A directory of a test's own, removed with it.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "conversion-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path(percentEncoded: false) }

    func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: url.appending(path: name))) }

    /// Converts a checkpoint to `name`, whatever kind that is.
    ///
    /// - Parameter limit: bytes a file, for a set.
    @discardableResult
    func convert(
        _ input: String, to name: String, limit: UInt64? = nil, _ change: (inout Conversion.Request) -> Void = { _ in }
    ) throws -> String {
        var request = Conversion.Request(input: input)
        request.isInProcess = true
        request.storage.jobs = 2
        change(&request)
        let output = path(name)
        guard case .export(let format) = OutputKind(of: name) else {
            let destination = try ModelOutput(output, replacing: true, fileLimit: limit)
            try Conversion(request).write(to: destination)
            try destination.commit()
            return output
        }
        let destination = try AtomicOutput(output, replacing: true)
        let export = try Export(request, to: format)
        let outcome = try export.write(to: destination)
        try export.check(destination, after: outcome)
        try destination.commit()
        return output
    }
}

enum Repository {
    static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    static func path(_ relative: String) -> String { root.appending(path: relative).path(percentEncoded: false) }

    static func files(in relative: String, withExtension kind: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path(relative))) ?? []
        return names.filter { $0.hasSuffix("." + kind) }.sorted().map { path(relative + "/" + $0) }
    }

    /// The HDF5 checkpoints of the reference cases.
    static let checkpoints: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path("fixtures/cases"))) ?? []
        return names.sorted().map { path("fixtures/cases/\($0)/checkpoint.h5") }.filter {
            FileManager.default.fileExists(atPath: $0)
        }
    }()
}
