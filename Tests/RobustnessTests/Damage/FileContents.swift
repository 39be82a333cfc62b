import MoEFormat

/// All that a file says about its tensors, to be compared with what it said before it was damaged.
struct FileContents: Equatable {
    private struct Content: Equatable {
        let name: String
        let dtype: Dtype
        let shape: [Int]
        let bytes: [UInt8]
    }

    private let tensors: [Content]
    private let aliases: [String]
    private let banks: [String]
    private let model: ModelDescription

    init(_ file: ModelFile) throws(FormatError) {
        var tensors: [Content] = []
        for index in 0..<file.tensorCount {
            let tensor = try file.tensor(at: index)
            tensors.append(
                Content(name: tensor.name, dtype: tensor.dtype, shape: tensor.shape, bytes: try file.bytes(of: tensor)))
        }
        var aliases: [String] = []
        for index in 0..<file.aliasCount { aliases.append(try file.alias(at: index).name) }
        self.tensors = tensors
        self.aliases = aliases
        banks = file.banks.map { "\($0.path) \($0.expertCount) \($0.sharedCount)" }
        model = file.model
    }
}
