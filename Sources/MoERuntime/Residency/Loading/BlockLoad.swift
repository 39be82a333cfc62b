internal import MoEFormat
internal import MoESystem

/// One block on its way into memory: its pieces come in any order, and when the last has come it reports, once.
///
/// Pieces are numbered; what is reported in the end is the failure of the first piece that fails, whatever the timing.
final class BlockLoad: Sendable {
    typealias Completion = @Sendable (Result<ResidentBlock, FormatError>) -> Void
    typealias Build = @Sendable () throws(FormatError) -> ResidentBlock

    private struct State: Sendable {
        var missing: Int
        var failure: (piece: Int, error: FormatError)?
    }

    private let state: Locked<State>
    private let build: Build
    private let completion: Completion

    /// - Parameters:
    ///   - pieces: how many must come; at least one.
    ///   - completion: gets the block or the failure.
    ///   - build: makes the block when all pieces are there.
    init(pieces: Int, completion: @escaping Completion, build: @escaping Build) {
        state = Locked(State(missing: pieces))
        self.build = build
        self.completion = completion
    }

    /// So many more pieces must come; called from a piece that has not ended.
    func expect(_ pieces: Int) { state.withLock { $0.missing += pieces } }

    /// Does what makes a piece, unless one before it has failed.
    func piece(_ index: Int, _ body: () throws(FormatError) -> Void) {
        let isWanted = state.withLock { $0.failure.map { index < $0.piece } ?? true }
        do throws(FormatError) {
            if isWanted { try body() }
            end(index..<index + 1)
        } catch {
            end(index..<index + 1, error)
        }
    }

    /// Pieces that cannot be made, since what they are made of could not be read.
    func fail(_ pieces: Range<Int>, _ error: FormatError) { end(pieces, error) }

    private func end(_ pieces: Range<Int>, _ error: FormatError? = nil) {
        let finished = state.withLock { state -> State? in
            if let error, pieces.lowerBound < state.failure?.piece ?? .max {
                state.failure = (pieces.lowerBound, error)
            }
            state.missing -= pieces.count
            return state.missing == 0 ? state : nil
        }
        guard let finished else { return }
        if let failure = finished.failure { return completion(.failure(failure.error)) }
        completion(Result { () throws(FormatError) in try build() })
    }
}
