import Foundation
import Properties

/// Decodes what a `.moe` file says about its source.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    SourceProperty.check(Array(UnsafeBufferPointer(start: data, count: count)))
    return 0
}

/// Before the first run: writes the sections of the checkpoints in a directory, where asked for, into another.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    SeedFiles.write(SourceProperty.samples)
    return 0
}
