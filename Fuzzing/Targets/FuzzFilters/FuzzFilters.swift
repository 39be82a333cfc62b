import HDF5Source
import Properties

/// Undoes the filters of one HDF5 chunk.
nonisolated(unsafe) private let decoder = ChunkDecoder()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    FilterProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), decoder: decoder)
    return 0
}
