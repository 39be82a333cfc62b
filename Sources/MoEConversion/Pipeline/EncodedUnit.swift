import MoEFormat
import Synchronization

/// A unit after its worker is done with it: decoded and stored bytes, chunk by chunk.
///
/// `@unchecked Sendable`: written by the one worker that owns it, then handed through a lock to the writer, which alone
/// reads it from then on.
final class EncodedUnit: @unchecked Sendable {
    struct Chunk {
        let content: Range<Int>
        let stored: Range<Int>
        let hash: UInt64
    }

    let unit: WorkUnit
    let content = ScratchBytes()
    var stored: [UInt8] = []
    var chunks: [Chunk] = []
    var form: StorageForm?

    init(_ unit: WorkUnit) { self.unit = unit }
}

/// The encoding plan of a part: made by the worker that has its first chunks, waited for by those that have later ones.
final class PartPlan: Sendable {
    private let result = Mutex<Result<EncodingPlan, ConversionError>?>(nil)
    private let gate = Gate()

    func publish(_ outcome: Result<EncodingPlan, ConversionError>) {
        result.withLock { $0 = $0 ?? outcome }
        gate.open()
    }

    func wait() throws(ConversionError) -> EncodingPlan {
        gate.pass()
        guard let outcome = result.withLock({ $0 }) else { throw ConversionError(.io, "a worker ended early") }
        return try outcome.get()
    }
}
