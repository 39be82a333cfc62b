import CommandSupport
import MoEFormat

/// What the page draws, as the JSON that it carries. Every name is made harmless for eyes here, and is text to the page.
struct ReportData {
    private let scan: ModelScan
    private let routing: RoutingUse?
    private let traceName: String
    /// The roles that experts have norms of, in the order of their codes.
    private let normRoles: [Role]
    private var file: ModelFile { scan.file }

    init(_ scan: ModelScan, routing: RoutingUse?, traceName: String) {
        self.scan = scan
        self.routing = routing
        self.traceName = traceName
        normRoles = Set(scan.experts.joined().flatMap(\.summaries.keys)).sorted { $0.rawValue < $1.rawValue }
    }

    var json: JSONValue {
        let tensors = TensorColumns(scan)
        return [
            "file": fileFacts,
            "layers": .array(file.banks.map(layer)),
            "heat": .array(file.banks.map(heat)),
            "normRoles": .array(normRoles.map { .string($0.name) }),
            "trace": trace,
            "dtypes": .array(scan.storage.map(storage)),
            "groups": .array(TensorPlace.titles(of: tensors.groups).map(Self.text)),
            "tiles": .array(tensors.tiles.map(Self.tile)),
            "templates": .array(tensors.templates.map { .array($0.map { .string($0.text) }) }),
            "shapes": .array(tensors.shapes.map { .array($0.map { .integer(Int64($0)) }) }),
            "dtypeNames": .array(tensors.dtypes.map { .string($0) }),
            "roles": .array(tensors.roles.map { .string($0) }),
            "tensors": tensors.json,
        ]
    }

    private var fileFacts: JSONValue {
        let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
        return [
            "name": Self.text(name), "family": Self.text(file.model.family),
            "version": .string(".moe 1.\(file.minorVersion)"), "tool": .string(MoEVersion.text),
            "bytes": .bytes(scan.fileBytes), "tensors": .integer(Int64(file.tensorCount)),
            "aliases": .integer(Int64(file.aliasCount)),
            "decoded": .bytes(scan.rows.reduce(0) { $0.addingClamped($1.tensor.byteCount) }),
            "stored": .bytes(scan.rows.reduce(0) { $0.addingClamped($1.storedBytes) }),
        ]
    }

    private func layer(_ bank: Bank) -> JSONValue {
        let (layer, router) = (file.layer(of: bank), file.router(of: bank))
        let experts = scan.experts[bank.id]
        return [
            "path": Self.text(bank.path), "layer": bank.layer.map { .integer(Int64($0)) } ?? .null,
            "experts": .integer(Int64(bank.expertCount)), "shared": .integer(Int64(bank.sharedCount)),
            "topK": .string(router.kind == .all ? "all" : "\(router.topK)"),
            "used": .integer(Int64(router.kind == .all ? bank.expertCount : router.topK)),
            "hidden": .integer(Int64(layer.hiddenSize)), "size": .integer(Int64(layer.expertSize)),
            "router": Self.text(TextReport.words(router)),
            "function": Self.text(TextReport.words(file.function(of: bank))),
            "stored": .bytes(bank.storedLength), "decoded": .bytes(bank.decodedLength),
            "expertDecoded": .bytes(experts.reduce(0) { $0.addingClamped($1.decodedBytes) }),
        ]
    }

    private func heat(_ bank: Bank) -> JSONValue {
        let experts = scan.experts[bank.id]
        var object: JSONObject = [
            "stored": .array(experts.map { .bytes($0.storedBytes) }),
            "decoded": .array(experts.map { .bytes($0.decodedBytes) }),
        ]
        object["norm"] = scan.decodes ? .array(experts.map { Self.figure($0.norm) }) : .null
        var roles = JSONObject()
        for role in normRoles where experts.contains(where: { $0.summaries[role] != nil }) {
            roles[role.name] = .array(experts.map { Self.figure($0.summaries[role]?.norm) })
        }
        object["roles"] = .object(roles)
        if let routing { object["uses"] = .array(routing.uses[bank.id].map { .integer(Int64($0)) }) }
        if let cache = routing?.cache { object["hits"] = .array(cache.hits[bank.id].map { .integer(Int64($0)) }) }
        return .object(object)
    }

    private var trace: JSONValue {
        guard let routing else { return .null }
        var object: JSONObject = ["name": Self.text(traceName), "tokens": .integer(Int64(routing.tokens))]
        object["budget"] = routing.cache.map { .integer(Int64($0.budget)) } ?? .null
        if let cache = routing.cache {
            object["hits"] = .integer(Int64(cache.hitCount))
            object["misses"] = .integer(Int64(cache.missCount))
            object["belady"] = .integer(Int64(cache.beladyHits))
        }
        return .object(object)
    }

    private func storage(_ item: (dtype: Dtype, storage: ModelScan.Storage)) -> JSONValue {
        [
            "name": .string(item.dtype.name), "decoded": .bytes(item.storage.decodedBytes),
            "stored": .bytes(item.storage.storedBytes), "inPlanes": .bytes(item.storage.decodedInPlanes),
            "planes": .array(item.storage.planes.map { .bytes($0) }),
        ]
    }

    private static func tile(_ tile: TensorColumns.Tile) -> JSONValue {
        [
            "group": .integer(Int64(tile.group)), "kind": .string(tile.place.kind.rawValue),
            "label": text(tile.place.label), "decoded": .bytes(tile.decodedBytes), "stored": .bytes(tile.storedBytes),
            "tensors": .integer(Int64(tile.tensors)), "outside": .bool(tile.place.group.isEmpty),
        ]
    }

    /// Text of the file with its control and direction characters written out.
    static func text(_ text: String) -> JSONValue { .string(TerminalText.escaped(text)) }

    /// A number to the seven or so digits that a page shows; null where there is none.
    static func figure(_ value: Double?) -> JSONValue {
        guard let value, value.isFinite else { return value.map { .string(Figure.text($0)) } ?? .null }
        let short = Float(value)
        return .number(short.isFinite ? Double("\(short)") ?? value : value)
    }
}
