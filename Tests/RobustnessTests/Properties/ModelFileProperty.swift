import MoESystem

@testable package import MoEFormat

/// Whatever the bytes, a `.moe` file opens and gives everything it holds, or it throws.
package enum ModelFileProperty {
    /// Tensors larger than this are read by rows only: what is tested is what decides about sizes, not memory.
    private static let wholeBytes: UInt64 = 1 << 18

    /// Opens a file, asks for everything in it, and verifies it.
    ///
    /// - Returns: whether it opened.
    @discardableResult
    package static func check(_ bytes: [UInt8], in scratch: ScratchFile) -> Bool {
        scratch.replace(with: bytes)
        return check(path: scratch.path)
    }

    package static func check(path: String) -> Bool {
        guard let file = try? ModelFile(opening: path) else { return false }
        if let opened = try? OpenedFile(opening: path) { check(opened.envelope) }
        walk(file)
        _ = try? Verification(of: file, workers: Workers(1))
        return true
    }

    private static func check(_ envelope: OpenedEnvelope) {
        for entry in envelope.directoryEntries {
            var writer = ByteWriter()
            entry.encode(into: &writer)
            var reader = ByteReader(writer.bytes, rule: .fileEnds)
            expect((try? SectionEntry(&reader)) == entry, "an entry comes back from its bytes")
        }
        let footer = envelope.footer
        let bytes = footer.encoded(header: Header.encoded, sectionTable: [])
        let again = try? Footer(bytes, fileLength: footer.fileLength)
        expect(
            again?.directoryOffset == footer.directoryOffset && again?.sectionCount == footer.sectionCount
                && again?.requiredFeatures == footer.requiredFeatures,
            "a footer comes back from its bytes")
    }

    private static func walk(_ file: ModelFile) {
        _ = try? file.configuration()
        _ = try? file.source()
        for bank in file.banks {
            _ = file.layer(of: bank)
            _ = file.router(of: bank)
            _ = file.function(of: bank)
            _ = try? file.bank(named: bank.path)
        }
        for index in 0..<file.blockCount {
            guard let block = try? file.block(at: index), let table = try? file.chunkTable(of: block) else { continue }
            for part in block.parts {
                expect(table.entries(of: part).count == Int(part.record.chunkCount), "a part has its chunks")
            }
        }
        for index in 0..<file.partCount {
            guard let part = try? file.part(at: index) else { continue }
            _ = try? file.companions(of: part)
        }
        for index in 0..<file.aliasCount {
            if let alias = try? file.alias(at: index) { _ = try? file.tensor(named: alias.name) }
        }
        for index in 0..<file.tensorCount { if let tensor = try? file.tensor(at: index) { read(tensor, of: file) } }
        _ = try? FileDump(file).json(withTensors: true)
    }

    private static func read(_ tensor: Tensor, of file: ModelFile) {
        if let found = try? file.tensor(named: tensor.name) {
            expect(found.name == tensor.name, "a name leads to its tensor")
        }
        _ = try? file.parts(of: tensor)
        _ = try? file.bytes(of: tensor, expert: 0)
        let rows = tensor.rowLength == 0 ? 0 : Int(clamping: tensor.elementCount) / tensor.rowLength
        let first = try? file.bytes(of: tensor, rows: 0..<min(rows, 1))
        let last = try? file.bytes(of: tensor, rows: max(0, rows - 1)..<rows)
        guard tensor.byteCount <= wholeBytes, let whole = try? file.bytes(of: tensor) else { return }
        expect(UInt64(whole.count) == tensor.byteCount, "a tensor has its bytes")
        guard let first, let last, tensor.shape.count > 1 else { return }
        expect(whole.starts(with: first), "the first row is the tensor's beginning")
        expect(whole.suffix(last.count).elementsEqual(last), "the last row is the tensor's end")
    }
}

/// Ends the process when a property does not hold: what a fuzzer and a test both notice.
package func expect(_ condition: Bool, _ property: @autoclosure () -> String) {
    if !condition { fatalError("broken property: \(property())") }
}
