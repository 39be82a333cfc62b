import Foundation
import Mutators
import Properties

/// Opens, walks and verifies a `.moe` file.
nonisolated(unsafe) private let scratch = ScratchFile()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    ModelFileProperty.check(Array(UnsafeBufferPointer(start: data, count: count)), in: scratch)
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ count: Int, _ limit: Int, _ seed: UInt32) -> Int {
    ModelFileMutator.mutate(data, count, limit, seed)
}

/// Before the first run: writes the samples, where asked for, as seeds into a directory.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    guard let folder = ProcessInfo.processInfo.environment["MOE_FUZZ_SEEDS"] else { return 0 }
    for sample in SampleFile.small {
        do {
            try Data(sample.bytes()).write(
                to: URL(fileURLWithPath: folder).appendingPathComponent("sample-\(sample.rawValue)"))
        } catch {
            fatalError("the seed \(sample.rawValue) cannot be written: \(error)")
        }
    }
    return 0
}
