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
        let isRequired = try fields.flag("required", default: true)
        guard fields.has("element"), fields.has("block"), fields.has("scale") else {
            throw .broken(.quantization, "model description: \(fields.path) has no element, no block or no scale")
        }
        let block = try fields.list("block")
        guard block.count == 2, case .integer(let rows) = block[0], case .integer(let columns) = block[1] else {
            throw .broken(.modelSchema, "model description: \(fields.path(of: "block")) is not [rows, columns]")
        }
        let sizes: ClosedRange<Int64> = 1...(1 << 24)
        guard sizes.contains(rows), sizes.contains(columns) else {
            throw .broken(.quantization, "model description: \(fields.path) has a block of \(rows)×\(columns)")
        }
        do {
            self.init(
                try fields.choice("element"), blockRows: Int(rows), blockColumns: Int(columns),
                scale: try fields.choice("scale", default: .multiply),
                nibbles: try fields.choice("nibbles", default: .lowFirst))
            guard element != .mxfp4 || fields.has("nibbles") else {
                throw FormatError.broken(.quantization, "model description: \(fields.path(of: "nibbles")) is not there")
            }
            guard element != .mxfp4 || (blockRows, blockColumns) == (1, 32) else {
                throw FormatError.broken(
                    .quantization, "model description: \(fields.path) is mxfp4 with a block of \(rows)×\(columns)")
            }
        } catch let error as FormatError {
            throw error
        } catch {
            guard !isRequired else {
                let message = (error as? UnknownValue)?.message ?? "\(fields.path) is incomplete"
                throw .broken(.quantization, "model description: \(message)")
            }
            self.init(.unknown, blockRows: Int(rows), blockColumns: Int(columns))
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
