// swift-tools-version: 6.2
import PackageDescription

/// Programs as a user of the library writes them: `swift run --package-path Examples TokenLoop model.moe`.
let package = Package(
    name: "swift-moe-examples",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-moe", path: "..")],
    targets: [
        .executableTarget(
            name: "ConvertCheckpoint", dependencies: [.product(name: "MoEConversion", package: "swift-moe")]),
        .executableTarget(name: "TokenLoop", dependencies: [.product(name: "MoERuntime", package: "swift-moe")]),
        .executableTarget(
            name: "OwnKernel",
            dependencies: [
                .product(name: "MoERuntime", package: "swift-moe"), .product(name: "MoEFormat", package: "swift-moe"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
