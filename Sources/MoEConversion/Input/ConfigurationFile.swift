import MoEFormat
import MoESystem

/// A checkpoint's configuration: its bytes, which the file carries, and what they say.
struct ConfigurationFile {
    let bytes: [UInt8]
    let value: JSONValue

    /// Reads the file that was named, or `config.json` beside the input where there is one.
    ///
    /// - Throws: `ConversionError`: `unopenable` for a named file that is not there, `damaged` for one that is no JSON.
    static func find(_ named: String?, beside input: String) throws(ConversionError) -> ConfigurationFile? {
        let path = named ?? PathParts(input).prefix + "config.json"
        let file: ReadableFile
        do throws(SystemError) {
            file = try ReadableFile(opening: path)
        } catch {
            if named == nil, error.isUnopenable { return nil }
            throw ConversionError(error.isUnopenable ? .unopenable : .io, error.description)
        }
        guard file.size <= UInt64(Limits.configBytes) else {
            throw ConversionError(.limit, "\(path) has \(file.size) bytes; at most \(Limits.configBytes) are read")
        }
        return try ConfigurationFile(try file.input(at: 0, count: Int(file.size)), from: path)
    }

    /// - Parameter path: for messages.
    /// - Throws: `ConversionError.damaged` when the text is no JSON.
    init(_ text: [UInt8], from path: String) throws(ConversionError) {
        bytes = text
        do {
            // Published configurations are Python's JSON: Infinity and NaN occur.
            value = try JSONParser.parse(text, acceptingNonFinite: true)
        } catch {
            throw .damaged("\(path) is not JSON: \(error)")
        }
    }

    /// The configuration that a `.moe` file carries; nil without one.
    init?(of file: ModelFile) throws(ConversionError) {
        let text: [UInt8]?
        do throws(FormatError) { text = try file.configuration() } catch { throw ConversionError(reading: error) }
        guard let text else { return nil }
        try self.init(text, from: "\(file.path): its configuration")
    }
}
