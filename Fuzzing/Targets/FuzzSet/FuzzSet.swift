import Mutators
import Properties

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Opens, walks, verifies and runs a set of files.
nonisolated(unsafe) private let scratch = ScratchSet()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    SetProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), in: scratch)
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    SetMutator.mutate(data, count, limit, seed)
}

/// The files have names, so that they would outlive the process.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    atexit { scratch.remove() }
    return 0
}
