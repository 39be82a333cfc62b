import MoEFormat
import MoESystem

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

    var unit: WorkUnit
    let content = ScratchBytes()
    let stored = ScratchBytes()
    var chunks: [Chunk] = []
    var form: StorageForm?
    /// Whether the chunks came from a `.moe` file as they are.
    var isCopied = false

    init(_ unit: WorkUnit) { self.unit = unit }
}

/// Units between uses: memory that was touched before costs no page faults.
///
/// Only a few are kept, and none that a large chunk made large, so that what they hold stays small beside the memory limit.
final class UnitPool: Sendable {
    private let idle = Locked<[EncodedUnit]>([])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func take(for unit: WorkUnit) -> EncodedUnit {
        guard let waiting = idle.withLock({ $0.popLast() }) else { return EncodedUnit(unit) }
        waiting.unit = unit
        waiting.chunks.removeAll(keepingCapacity: true)
        waiting.form = nil
        waiting.isCopied = false
        return waiting
    }

    func give(_ unit: EncodedUnit) {
        guard unit.content.capacity <= 2 * WorkUnit.targetBytes else { return }
        idle.withLock { if $0.count < limit { $0.append(unit) } }
    }
}

/// The encoding plan of a part, or the stored part that is copied: made by the worker that has its first chunks, waited for by those that have later ones.
final class PartPlan: Sendable {
    private let result = Locked<Result<EncodingPlan, ConversionError>?>(nil)
    private let stored = Locked<EncodedPart?>(nil)
    private let gate = Gate()

    func publish(_ outcome: Result<EncodingPlan, ConversionError>) {
        result.withLock { $0 = $0 ?? outcome }
        gate.open()
    }

    func publish(_ part: EncodedPart?) {
        stored.withLock { $0 = part }
        gate.open()
    }

    /// The stored part; nil when there is none.
    func waitForStored() throws(ConversionError) -> EncodedPart? {
        gate.pass()
        if case .failure(let error) = result.withLock({ $0 }) { throw error }
        return stored.withLock { $0 }
    }

    func wait() throws(ConversionError) -> EncodingPlan {
        gate.pass()
        guard let outcome = result.withLock({ $0 }) else { throw ConversionError(.io, "a worker ended early") }
        return try outcome.get()
    }
}
