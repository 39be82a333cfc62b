package import MoEFormat
import MoESystem

/// A `.moe` file as a source of tensors.
package final class ModelCheckpoint: Checkpoint {
    package let file: ModelFile
    package let tensors: [SourceTensor]
    package let aliases: [(name: String, tensor: Int)]
    package let notes: [String] = []
    private let records: [Tensor]

    /// Lists the tensors of an open file.
    ///
    /// - Throws: `ConversionError`: `damaged` when the directory is, `limit` for a dtype of a later version.
    package init(_ file: ModelFile) throws(ConversionError) {
        self.file = file
        do throws(FormatError) {
            // What would fail at the end fails before the work.
            try file.set?.checkMembers()
            var records: [Tensor] = []
            for index in 0..<file.tensorCount { records.append(try file.tensor(at: index)) }
            var aliases: [(name: String, tensor: Int)] = []
            for index in 0..<file.aliasCount { aliases.append(try file.alias(at: index)) }
            self.records = records
            self.aliases = aliases
        } catch {
            throw ConversionError(reading: error)
        }
        if let unknown = records.first(where: { $0.dtype.byteCount == nil }) {
            throw ConversionError(
                .limit,
                "\(file.path): tensor \(unknown.name) has dtype \(unknown.dtype), which this version does not know")
        }
        tensors = records.map { SourceTensor(name: $0.name, dtype: $0.dtype, shape: $0.shape) }
    }

    package func makeReader() throws(ConversionError) -> any CheckpointReader { Reader(self) }

    /// Nothing: units are runs of a block, which the system reads ahead by itself.
    package func willRead(tensor: Int, elements: Range<UInt64>) {}

    package func sourceSection() throws(ConversionError) -> [UInt8]? {
        do throws(FormatError) { return try file.sourceBytes() } catch { throw ConversionError(reading: error) }
    }

    package func encodedPart(_ number: Int) throws(ConversionError) -> EncodedPart? {
        do throws(FormatError) { return try file.encodedPart(number) } catch { throw ConversionError(reading: error) }
    }

    /// Runs of whole chunks, so that none is decoded twice.
    package func readingUnits(of tensor: Int, targetBytes: Int) throws(ConversionError) -> [Range<UInt64>] {
        let record = records[tensor]
        let width = UInt64(record.dtype.byteCount ?? 1)
        do throws(FormatError) {
            var units: [Range<UInt64>] = []
            for part in try file.parts(of: record) {
                var start: UInt64 = 0
                for index in 0..<part.chunking.chunkCount {
                    let end = part.chunking.range(of: index).upperBound
                    let isLast = index + 1 == part.chunking.chunkCount
                    guard isLast || (end - start) * width >= UInt64(targetBytes) else { continue }
                    let base = part.record.startElement
                    units.append(base + start..<base + end)
                    start = end
                }
            }
            return units
        } catch {
            throw ConversionError(reading: error)
        }
    }

    private final class Reader: CheckpointReader {
        private let checkpoint: ModelCheckpoint
        /// Of the tensor that was read last: a stack has hundreds.
        private var parts: (tensor: Int, list: [Part])?

        init(_ checkpoint: ModelCheckpoint) { self.checkpoint = checkpoint }

        func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
            throws(ConversionError)
        {
            do throws(FormatError) {
                let record = checkpoint.records[tensor]
                if parts?.tensor != tensor { parts = (tensor, try checkpoint.file.parts(of: record)) }
                try unsafe checkpoint.file.read(record, parts: parts?.list ?? [], elements: elements, into: destination)
            } catch {
                throw ConversionError(reading: error).within("tensor \(checkpoint.records[tensor].name)")
            }
        }
    }
}
