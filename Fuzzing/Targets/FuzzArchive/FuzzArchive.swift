import Properties

/// Reads archives and indices of shards.
nonisolated(unsafe) private let scratch = ScratchFile()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ArchiveProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), in: scratch)
    return 0
}
