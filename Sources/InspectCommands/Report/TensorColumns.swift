import CommandSupport
import MoEFormat

/// The tensors of a report by columns: names as templates and numbers, the rest as places in lists of what occurs, so that a page of
/// tens of thousands of tensors stays small.
struct TensorColumns {
    /// Tensors of one place, which a treemap shows as one tile.
    struct Tile {
        let group: Int
        let place: TensorPlace
        var decodedBytes: UInt64 = 0
        var storedBytes: UInt64 = 0
        var tensors = 0
    }

    private(set) var groups: [String] = []
    private(set) var tiles: [Tile] = []
    private(set) var templates: [[ExactName]] = []
    private(set) var shapes: [[Int]] = []
    private(set) var dtypes: [String] = []
    private(set) var roles: [String] = []
    private let scan: ModelScan
    private var columns: [(name: String, values: [Int])] = []

    init(_ scan: ModelScan) {
        self.scan = scan
        var places = Occurring<TensorPlace>()
        var groups = Occurring<ExactName>()
        var (templates, shapes) = (Occurring<[ExactName]>(), Occurring<[Int]>())
        var (dtypes, roles) = (Occurring<String>(), Occurring<String>())
        var (template, numbers, dtype, shape) = ([Int](), [Int](), [Int](), [Int]())
        var (role, bank, expert, tile) = ([Int](), [Int](), [Int](), [Int]())
        for row in scan.rows {
            let name = NameTemplate(TerminalText.escaped(row.tensor.name))
            template.append(templates.index(of: name.texts))
            numbers += name.numbers
            dtype.append(dtypes.index(of: row.tensor.dtype.name))
            shape.append(shapes.index(of: row.tensor.shape))
            role.append(roles.index(of: row.role?.name ?? Role.other.name))
            bank.append(row.bank ?? -1)
            expert.append(row.expert ?? (row.isOfSeveralExperts ? -2 : -1))
            let place = TensorPlace(
                name: row.tensor.name, role: row.role, bank: row.bank.map { scan.file.banks[$0] })
            let index = places.index(of: place)
            if index == tiles.count {
                tiles.append(Tile(group: groups.index(of: ExactName(place.group)), place: place))
            }
            tiles[index].decodedBytes = tiles[index].decodedBytes.addingClamped(row.tensor.byteCount)
            tiles[index].storedBytes = tiles[index].storedBytes.addingClamped(row.storedBytes)
            tiles[index].tensors += 1
            tile.append(index)
        }
        self.groups = groups.values.map(\.text)
        (self.templates, self.shapes) = (templates.values, shapes.values)
        (self.dtypes, self.roles) = (dtypes.values, roles.values)
        columns = [
            ("template", template), ("numbers", numbers), ("dtype", dtype), ("shape", shape), ("role", role),
            ("bank", bank), ("expert", expert), ("tile", tile),
        ]
    }

    /// Values that occur, each once, in the order of their first occurrence.
    private struct Occurring<Value: Hashable> {
        private(set) var values: [Value] = []
        private var indices: [Value: Int] = [:]

        mutating func index(of value: Value) -> Int {
            if let index = indices[value] { return index }
            indices[value] = values.count
            values.append(value)
            return values.count - 1
        }
    }

    var json: JSONValue {
        var object = JSONObject()
        for (name, values) in columns { object[name] = .array(values.map { .integer(Int64($0)) }) }
        object["decoded"] = .array(scan.rows.map { .bytes($0.tensor.byteCount) })
        object["stored"] = .array(scan.rows.map { .bytes($0.storedBytes) })
        object["rms"] = column { ReportData.figure($0.rootMeanSquare) }
        object["low"] = column { $0.finite == 0 ? .null : ReportData.figure($0.minimum) }
        object["high"] = column { $0.finite == 0 ? .null : ReportData.figure($0.maximum) }
        object["zeros"] = column { .integer(Int64(clamping: $0.zeros)) }
        object["bad"] = column { .integer(Int64(clamping: $0.notFinite)) }
        return .object(object)
    }

    /// Null as a whole when weights were not decoded.
    private func column(_ value: (ValueSummary) -> JSONValue) -> JSONValue {
        scan.decodes ? .array(scan.rows.map { $0.summary.map(value) ?? .null }) : .null
    }
}
