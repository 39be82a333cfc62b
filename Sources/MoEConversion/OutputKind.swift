/// What is written, by the output's extension.
package enum OutputKind: Equatable, Sendable {
    case model
    case export(Export.Format)

    private static let table: [(suffix: String, kind: OutputKind)] = [
        (".moe", .model), (".h5", .export(.hdf5)), (".hdf5", .export(.hdf5)), (".safetensors", .export(.safetensors)),
        (".safetensors.index.json", .export(.safetensorsShards)),
    ]

    /// nil for an extension that no kind has.
    package init?(of path: String) {
        guard let row = Self.table.first(where: { path.lowercased().hasSuffix($0.suffix) }) else { return nil }
        self = row.kind
    }

    package static var extensions: String {
        table.dropLast().map(\.suffix).joined(separator: ", ") + " or " + (table.last?.suffix ?? "")
    }
}
