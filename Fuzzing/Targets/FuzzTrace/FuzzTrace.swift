import Properties

/// Reads a routing trace.
nonisolated(unsafe) private let scratch = ScratchFile()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    TraceProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), in: scratch)
    return 0
}
