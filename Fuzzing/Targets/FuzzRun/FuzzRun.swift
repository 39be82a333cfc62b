import Mutators
import Properties

/// Runs the layers of a `.moe` file.
nonisolated(unsafe) private let scratch = ScratchFile()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    RuntimeProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), in: scratch)
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    ModelFileMutator.mutate(data, count, limit, seed)
}
