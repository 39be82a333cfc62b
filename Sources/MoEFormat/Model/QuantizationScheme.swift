/// How the codes of a quantised part become values: SPEC.md §9.5.
public struct QuantizationScheme: Hashable, Sendable {
    public enum Element: String, Sendable {
        case f8E4M3 = "f8_e4m3"
        case f8E5M2 = "f8_e5m2"
        case mxfp4, i8, u8
        /// Only in files with a scheme that this version does not know and that is not required.
        case unknown
    }

    public enum Scale: String, Sendable {
        case multiply, inverse
    }

    public enum Nibbles: String, Sendable {
        case lowFirst = "low_first"
        case highFirst = "high_first"
    }

    public var element: Element
    /// Rows and columns that share one scale.
    public var block: (rows: Int, columns: Int) { (blockRows, blockColumns) }
    public var blockRows: Int
    public var blockColumns: Int
    public var scale: Scale
    public var nibbles: Nibbles

    public init(
        _ element: Element, blockRows: Int, blockColumns: Int, scale: Scale = .multiply, nibbles: Nibbles = .lowFirst
    ) {
        self.element = element
        self.blockRows = blockRows
        self.blockColumns = blockColumns
        self.scale = scale
        self.nibbles = nibbles
    }

    init(_ fields: ModelFields) throws(FormatError) {
        let block = try fields.list("block")
        guard block.count == 2, let rows = block[0].integer, let columns = block[1].integer,
            (1...(1 << 24)).contains(rows), (1...(1 << 24)).contains(columns)
        else { throw .broken(.quantization, "model description: \(fields.path(of: "block")) is not [rows, columns]") }
        do {
            self.init(
                try fields.choice("element"), blockRows: rows, blockColumns: columns,
                scale: try fields.choice("scale", default: .multiply), nibbles: try fields.choice("nibbles", default: .lowFirst))
        } catch let error as FormatError {
            throw .broken(.quantization, error.message)
        } catch {
            guard try !fields.flag("required", default: true) else {
                let message = (error as? UnknownValue)?.message ?? "\(fields.path) is incomplete"
                throw .broken(.quantization, "model description: \(message)")
            }
            self.init(.unknown, blockRows: rows, blockColumns: columns)
        }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "element": .string(element.rawValue), "block": [.integer(Int64(blockRows)), .integer(Int64(blockColumns))],
            "scale": .string(scale.rawValue),
        ]
        if element == .mxfp4 { object["nibbles"] = .string(nibbles.rawValue) }
        return .object(object)
    }
}
