import MoEFormat
import MoESystem

/// Opening a file and reading one small tensor, from nothing.
enum OpenMeasure {
    /// `path`, `tensor`.
    static func open(_ request: JSONValue) throws -> JSONObject {
        var count = 0
        var read: UInt64 = 0
        let time = try Duration.of {
            let file = try ModelFile(opening: request["path"]?.string ?? "")
            if let tensor = try file.tensor(named: request["tensor"]?.string ?? "") {
                count = try file.bytes(of: tensor).count
            }
            read = file.storage.bytesRead
        }
        return time.json(["bytes": .integer(Int64(count)), "read": .integer(Int64(read))])
    }
}
