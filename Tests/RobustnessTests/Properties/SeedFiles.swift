import Foundation

/// Seeds that are made of files of the repository.
package enum SeedFiles {
    /// A fuzzer's inputs are no longer.
    private static let longest = 8192

    /// Makes seeds of the files in the directory that `MOE_FUZZ_SOURCES` names, and writes those that are short enough into the one of
    /// `MOE_FUZZ_SEEDS`; nothing where they name none.
    package static func write(_ seeds: ([String]) -> [[UInt8]]) {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["MOE_FUZZ_SEEDS"], let sources = environment["MOE_FUZZ_SOURCES"] else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: sources)) ?? []
        let source = (sources as NSString).lastPathComponent
        for (number, input) in seeds(names.sorted().map { "\(sources)/\($0)" }).enumerated()
        where input.count <= longest {
            FileManager.default.createFile(atPath: "\(folder)/\(source)\(number)", contents: Data(input))
        }
    }
}
