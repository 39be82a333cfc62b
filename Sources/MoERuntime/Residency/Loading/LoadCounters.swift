internal import Synchronization

/// What loading has cost so far.
final class LoadCounters: Sendable {
    let bytesRead = Atomic<UInt64>(0)
    let blocksLoaded = Atomic<UInt64>(0)
    let chunksDecoded = Atomic<UInt64>(0)

    func add(bytes: UInt64) {
        bytesRead.wrappingAdd(bytes, ordering: .relaxed)
        blocksLoaded.wrappingAdd(1, ordering: .relaxed)
    }

    func add(chunks: Int) { chunksDecoded.wrappingAdd(UInt64(chunks), ordering: .relaxed) }
}
