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

/// Before the first run: writes the samples, where asked for, as seeds into a directory; into another, as sets.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer) -> CInt {
    let environment = ProcessInfo.processInfo.environment
    for sample in SampleFile.small {
        do {
            if let folder = environment["MOE_FUZZ_SEEDS"] {
                try Data(sample.bytes()).write(
                    to: URL(fileURLWithPath: folder).appendingPathComponent("sample-\(sample.rawValue)"))
            }
            if let folder = environment["MOE_FUZZ_SET_SEEDS"],
                let input = SetProperty.input(of: try sample.files(limit: 1500))
            {
                try Data(input).write(
                    to: URL(fileURLWithPath: folder).appendingPathComponent("sample-\(sample.rawValue)"))
            }
        } catch {
            fatalError("the seed \(sample.rawValue) cannot be written: \(error)")
        }
    }
    return 0
}
