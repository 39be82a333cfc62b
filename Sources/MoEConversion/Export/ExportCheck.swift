import MoEFormat

/// Compares every tensor of an exported file with the one that it was written from, by content hash.
struct ExportCheck {
    let source: any Checkpoint
    let written: any Checkpoint
    /// Tensors that are to differ: references lead to new places.
    let translated: Set<Int>
    let progress: (@Sendable (UInt64) -> Void)?

    /// - Throws: `ConversionError` of kind `io` for the first tensor that differs.
    func run() throws(ConversionError) {
        var numbers: [ExactName: Int] = [:]
        for (number, tensor) in written.tensors.enumerated() { numbers[ExactName(tensor.name)] = number }
        for alias in written.aliases { numbers[ExactName(alias.name)] = alias.tensor }
        let reader = try source.makeReader()
        let again = try written.makeReader()
        var done: UInt64 = 0
        for (number, tensor) in source.tensors.enumerated() {
            // What lies in other files is not written, and said so.
            guard let other = numbers[ExactName(tensor.name)], !translated.contains(number) else { continue }
            guard written.tensors[other].byteCount == tensor.byteCount,
                try source.contentHash(of: number, by: reader) == written.contentHash(of: other, by: again)
            else {
                throw ConversionError(.io, "the file that was written does not check: tensor \(tensor.name) differs")
            }
            done += tensor.byteCount
            progress?(done)
        }
    }
}
