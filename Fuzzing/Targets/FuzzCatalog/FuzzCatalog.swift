import Properties

/// Decodes what an HDF5 worker answers.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    CatalogProperty.check(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// Before the first run: writes what a worker answers about the files in a directory, where asked for, into another.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    SeedFiles.write(CatalogSamples.inputs)
    return 0
}
