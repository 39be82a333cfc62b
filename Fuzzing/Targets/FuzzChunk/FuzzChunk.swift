import MoEFormat
import Mutators
import Properties

/// Decodes the stored bytes of one chunk.
nonisolated(unsafe) private let decoder = try! ChunkDecoder()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ChunkProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), decoder: decoder)
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    ChunkMutator.mutate(data, count, limit, seed)
}
