// swift-tools-version: 6.2
import PackageDescription

// The main package's sources, seen through links and built a second time: with hashes taken for right (`FUZZING`), and with
// whatever instrumentation the command line asks for. Everything is one package here, so that what fuzzers call may stay
// invisible to users of the library.

let upcoming: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
let fuzzed = upcoming + [.define("FUZZING"), .unsafeFlags(["-enable-testing"])]

/// A fuzzer: libFuzzer brings `main`.
func fuzzer(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name, dependencies: ["Properties"] + dependencies, path: "Targets/\(name)",
        swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-parse-as-library"])])
}

let package = Package(
    name: "swift-moe-fuzzing",
    platforms: [.macOS(.v15)],
    targets: [
        .systemLibrary(name: "CZstd", path: "Library/CZstd", pkgConfig: "libzstd"),
        .systemLibrary(name: "CXXHash", path: "Library/CXXHash", pkgConfig: "libxxhash"),
        .systemLibrary(name: "CDeflate", path: "Library/CDeflate", pkgConfig: "libdeflate"),
        .systemLibrary(name: "CHDF5", path: "Library/CHDF5", pkgConfig: "hdf5"),
        .target(name: "CMoEKernels", path: "Library/CMoEKernels"),
        .target(name: "CMoESystem", path: "Library/CMoESystem"),
        .target(name: "MoESystem", dependencies: ["CMoESystem"], path: "Library/MoESystem", swiftSettings: fuzzed),
        .target(
            name: "MoEFormat", dependencies: ["CZstd", "CXXHash", "CMoEKernels", "MoESystem"],
            path: "Library/MoEFormat",
            swiftSettings: fuzzed),
        .target(
            name: "MoERuntime", dependencies: ["MoEFormat", "CMoEKernels", "MoESystem", "CMoESystem"],
            path: "Library/MoERuntime", swiftSettings: fuzzed),
        .target(
            name: "HDF5Source", dependencies: ["CHDF5", "CDeflate", "CMoEKernels", "MoESystem"],
            path: "Library/HDF5Source",
            swiftSettings: fuzzed),
        .target(
            name: "MoEConversion", dependencies: ["HDF5Source", "MoEFormat", "MoESystem"],
            path: "Library/MoEConversion",
            swiftSettings: fuzzed),
        // The reader of NumPy files, without the rest of what commands share.
        .target(
            name: "CommandSupport", dependencies: ["MoEFormat"], path: "Library/CommandSupport/NumPy",
            swiftSettings: fuzzed),

        // What must hold, shared with the tests that replay what was found.
        .target(
            name: "Properties",
            dependencies: ["CommandSupport", "HDF5Source", "MoEConversion", "MoEFormat", "MoERuntime", "MoESystem"],
            path: "Properties", swiftSettings: upcoming),
        .target(name: "Mutators", path: "Targets/Mutators", swiftSettings: [.enableUpcomingFeature("ExistentialAny")]),

        fuzzer("FuzzOpen", ["Mutators"]),
        fuzzer("FuzzRun", ["Mutators"]),
        fuzzer("FuzzSet", ["Mutators"]),
        fuzzer("FuzzChunk", ["Mutators", "MoEFormat"]),
        fuzzer("FuzzJSON"),
        fuzzer("FuzzSource"),
        fuzzer("FuzzNumPy"),
        fuzzer("FuzzRecognition"),
        fuzzer("FuzzNames"),
        fuzzer("FuzzTrace"),
        fuzzer("FuzzArchive"),
        fuzzer("FuzzSafetensors"),
        fuzzer("FuzzCatalog"),
        fuzzer("FuzzFilters", ["HDF5Source"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)
