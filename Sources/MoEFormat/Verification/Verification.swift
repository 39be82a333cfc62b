public import MoESystem

/// The check of a whole file: every rule of SPEC.md §12, every hash, every chunk decoded, every content hash.
///
/// It goes on after damage, so that one run tells all there is.
public struct Verification: Sendable {
    /// A broken rule, with the tensor and chunk where that can be said.
    public struct Finding: Sendable, CustomStringConvertible {
        public let error: FormatError
        /// The tensor that is damaged.
        public let tensor: String?
        /// The chunk of the tensor's part that is damaged.
        public let chunk: Int?

        public var description: String {
            let place = [tensor.map { "tensor \(JSONValue.string($0).text)" }, chunk.map { "chunk \($0)" }].compactMap(
                \.self)
            return place.isEmpty ? "\(error)" : "\(place.joined(separator: ", ")): \(error)"
        }
    }

    /// What is wrong, in the order of the file; empty for a whole file. At most `maximumFindings`.
    public var findings: [Finding] = []
    /// Decoded bytes that were checked.
    public var checkedBytes: UInt64 = 0
    public var checkedChunks = 0
    public var checkedTensors = 0

    public static let maximumFindings = 100

    public var isWhole: Bool { findings.isEmpty }

    /// Whether nothing is damaged, but something needs a later version to be checked.
    public var needsLaterVersion: Bool { !isWhole && findings.allSatisfy { $0.error.kind == .unsupported } }

    /// Checks an open file.
    ///
    /// - Parameters:
    ///   - file: the file; it may be used elsewhere meanwhile.
    ///   - workers: decode chunks side by side.
    ///   - progress: told the decoded bytes so far, from any thread.
    /// - Throws: `FormatError` of kind `io` when the file cannot be read; damage is a finding.
    /// - Complexity: O(file). Memory: one block's chunk at a time for each worker.
    public init(
        of file: ModelFile, workers: Workers = .all, progress: (@Sendable (UInt64) -> Void)? = nil
    ) throws(FormatError) {
        try keep { () throws(FormatError) in try DirectoryVerifier(file).check() }
        var contents = ContentVerifier(file, workers: workers, progress: progress)
        for block in 0..<file.blockCount where findings.count < Self.maximumFindings {
            guard let found = try keep({ () throws(FormatError) in try contents.check(block: block) }) else { continue }
            findings += found.findings
            checkedBytes += found.bytes
            checkedChunks += found.chunks
        }
        for tensor in 0..<file.tensorCount where findings.count < Self.maximumFindings {
            checkedTensors += 1
            let finding = try keep { () throws(FormatError) in try contents.checkContentHash(ofTensor: tensor) }
            if let finding = finding.flatMap(\.self) { findings.append(finding) }
        }
        findings = Array(findings.prefix(Self.maximumFindings))
    }

    /// Runs a check; what it throws about the file becomes a finding, unless an earlier check found the same.
    @discardableResult
    private mutating func keep<Result>(_ check: () throws(FormatError) -> Result) throws(FormatError) -> Result? {
        do throws(FormatError) {
            return try check()
        } catch {
            if error.kind == .io { throw error }
            if !findings.contains(where: { $0.error == error }) {
                findings.append(Finding(error: error, tensor: nil, chunk: nil))
            }
            return nil
        }
    }
}
