// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target is held to. None of these is an unsafe flag, so the package stays usable as a dependency.
let strict: [SwiftSetting] = [
    .strictMemorySafety(),
    .treatWarning("StrictMemorySafety", as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Tests may unwrap and point: what they hold is theirs.
let tests: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "swift-moe",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "MoEFormat", targets: ["MoEFormat"]),
        .library(name: "MoERuntime", targets: ["MoERuntime"]),
        .library(name: "MoEConversion", targets: ["MoEConversion"]),
        .executable(name: "moe-convert", targets: ["moe-convert"]),
        .executable(name: "moe-inspect", targets: ["moe-inspect"]),
        .executable(name: "moe-run", targets: ["moe-run"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // C libraries of the system.
        .systemLibrary(
            name: "CZstd", pkgConfig: "libzstd",
            providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CXXHash", pkgConfig: "libxxhash",
            providers: [.apt(["libxxhash-dev"]), .brew(["xxhash"])]),
        .systemLibrary(
            name: "CDeflate", pkgConfig: "libdeflate",
            providers: [.apt(["libdeflate-dev"]), .brew(["libdeflate"])]),
        .systemLibrary(
            name: "CHDF5", pkgConfig: "hdf5",
            providers: [.apt(["libhdf5-dev"]), .brew(["hdf5"])]),

        // The format and the runtime: no HDF5 anywhere below this line.
        .target(name: "CMoEKernels"),
        .target(name: "CMoESystem"),
        .target(name: "MoESystem", dependencies: ["CMoESystem"], swiftSettings: strict),
        .target(
            name: "MoEFormat",
            dependencies: ["CZstd", "CXXHash", "CMoEKernels", "CMoESystem", "MoESystem"],
            swiftSettings: strict),
        .target(
            name: "MoERuntime",
            dependencies: ["MoEFormat", "CMoEKernels", "MoESystem", "CMoESystem"],
            swiftSettings: strict),

        // Conversion: the only arm that links libhdf5.
        .target(
            name: "HDF5Source",
            dependencies: ["CHDF5", "CDeflate", "CMoEKernels", "MoESystem"],
            swiftSettings: strict),
        .target(
            name: "MoEConversion",
            dependencies: ["HDF5Source", "CDeflate", "MoEFormat", "MoESystem"],
            swiftSettings: strict),

        // The commands: each a testable library under a few lines of main.
        .target(
            name: "CommandSupport",
            dependencies: ["MoEFormat", "MoESystem", argumentParser],
            swiftSettings: strict),
        .target(
            name: "ConvertCommands",
            dependencies: ["CommandSupport", "MoEConversion", "HDF5Source", "MoEFormat", "MoESystem", argumentParser],
            swiftSettings: strict),
        .target(
            name: "InspectCommands",
            dependencies: ["CommandSupport", "MoERuntime", "MoEFormat", "MoESystem", argumentParser],
            resources: [
                // Compiled in: the command is one file that works wherever it is put.
                .embedInCode("Report/Page/report.html"), .embedInCode("Report/Page/report.css"),
                .embedInCode("Report/Page/report.js"),
            ],
            swiftSettings: strict),
        .target(
            name: "RunCommands",
            dependencies: ["CommandSupport", "MoERuntime", "MoEFormat", "MoESystem", "CMoEKernels", argumentParser],
            swiftSettings: strict),
        .executableTarget(
            name: "moe-convert", dependencies: ["CommandSupport", "ConvertCommands"], swiftSettings: strict),
        .executableTarget(
            name: "moe-inspect", dependencies: ["CommandSupport", "InspectCommands"], swiftSettings: strict),
        .executableTarget(name: "moe-run", dependencies: ["CommandSupport", "RunCommands"], swiftSettings: strict),

        // Figures from inside one process, for Benchmarks/run.py; no product, since users do not need it.
        .executableTarget(
            name: "Measure", dependencies: ["MoEFormat", "MoERuntime", "MoESystem"], path: "Benchmarks/Measure",
            swiftSettings: tests),

        // A model of any shape written through the writer, for Scripts/run-gpt4-scale.sh; no product either.
        .executableTarget(
            name: "ScaleModel", dependencies: ["CommandSupport", "MoEFormat", "MoESystem", argumentParser],
            path: "Examples/ScaleModel", swiftSettings: tests),

        .testTarget(name: "KernelTests", dependencies: ["CMoEKernels", "CMoESystem"], swiftSettings: tests),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "InspectCommands", "MoEFormat", "MoESystem", "moe-convert", "moe-inspect", "moe-run", "ScaleModel",
            ],
            swiftSettings: tests),
        .testTarget(name: "MoEFormatTests", dependencies: ["MoEFormat", "MoESystem", "CZstd"], swiftSettings: tests),
        .testTarget(
            name: "MoERuntimeTests", dependencies: ["MoERuntime", "MoEFormat", "MoESystem", "CMoEKernels"],
            swiftSettings: strict),
        .testTarget(
            name: "HDF5SourceTests", dependencies: ["HDF5Source", "MoESystem", "HDF5TestWorker"], swiftSettings: tests),
        // What a worker session starts in tests: a main that serves and nothing else.
        .executableTarget(
            name: "HDF5TestWorker", dependencies: ["HDF5Source"], path: "Tests/HDF5TestWorker", swiftSettings: strict),

        .testTarget(
            name: "MoEConversionTests", dependencies: ["MoEConversion", "HDF5Source", "MoEFormat", "MoESystem"],
            swiftSettings: tests),
        .testTarget(
            name: "RobustnessTests",
            dependencies: ["CommandSupport", "HDF5Source", "MoEConversion", "MoEFormat", "MoERuntime", "MoESystem"],
            exclude: ["FuzzRegression/Cases"],
            swiftSettings: tests + [.enableUpcomingFeature("InternalImportsByDefault")]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)

// Documentation is made with a plugin that users of the libraries need not fetch.
if Context.environment["MOE_DOCUMENTATION"] != nil || Context.environment["SPI_BUILDER"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.4.0"))
}
