import Properties

/// Recognises the layers of a checkpoint by the names and shapes of its tensors.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    NamesProperty.check(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}
