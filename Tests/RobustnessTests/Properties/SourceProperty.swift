@testable import MoEConversion
@testable import MoEFormat

/// Whatever the bytes of a source section, they say where tensors came from in a way that comes back from its bytes, or an error
/// says what is wrong.
package enum SourceProperty {
    @discardableResult
    package static func check(_ bytes: [UInt8]) -> Bool {
        guard let section = try? SourceSection(decoding: bytes) else { return false }
        if case .unknown = section { return true }
        expect((try? SourceSection(decoding: section.encoded)) == section, "a section comes back from its bytes")
        return true
    }

    /// The sections of converted checkpoints: seeds of the fuzzer.
    package static func samples(of checkpoints: [String]) -> [[UInt8]] {
        checkpoints.compactMap { path in
            var request = Conversion.Request(input: path)
            request.isInProcess = true
            return try? CheckpointInput(request).checkpoint.sourceSection()
        }
    }
}
