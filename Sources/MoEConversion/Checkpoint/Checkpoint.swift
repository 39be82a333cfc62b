package import MoEFormat

extension SourceTensor {
    /// Product of the shape; a checkpoint offers no tensor whose elements cannot be counted.
    var countedElements: UInt64 { UInt64(elementCount ?? 0) }

    package var byteCount: UInt64 { countedElements * UInt64(dtype.byteCount ?? 0) }
}

/// A source of tensors: HDF5, and whatever comes after it.
///
/// Listing is done; reading is by element range, from several threads at once, each with its own reader.
package protocol Checkpoint: AnyObject, Sendable {
    /// In a stable order that depends on the input alone.
    var tensors: [SourceTensor] { get }

    /// Further names of tensors, by index of the tensor.
    var aliases: [(name: String, tensor: Int)] { get }

    /// What the user should know about the input: dangling links and the like, a line each.
    var notes: [String] { get }

    /// A reader for one thread.
    func makeReader() throws(ConversionError) -> any CheckpointReader

    /// Tells the system which bytes will be wanted soon; a hint.
    func willRead(tensor: Int, elements: Range<UInt64>)

    /// What export will need of the source; tensors numbered as in `tensors`.
    func sourceSection() throws(ConversionError) -> [UInt8]?

    /// A tensor's elements cut into ranges of about so many bytes that are best read at once, in order.
    func readingUnits(of tensor: Int, targetBytes: Int) throws(ConversionError) -> [Range<UInt64>]

    /// A part as a `.moe` file stores it, by its number there; nil for other sources.
    func encodedPart(_ number: Int) throws(ConversionError) -> EncodedPart?
}

extension Checkpoint {
    package func encodedPart(_ number: Int) throws(ConversionError) -> EncodedPart? { nil }

    package func readingUnits(of tensor: Int, targetBytes: Int) throws(ConversionError) -> [Range<UInt64>] {
        let count = tensors[tensor].countedElements
        let step = UInt64(max(1, targetBytes / max(1, tensors[tensor].dtype.byteCount ?? 1)))
        return stride(from: 0, to: count, by: Int(clamping: step)).map { $0..<min($0 + step, count) }
    }
}

/// One thread's way to the elements of a checkpoint.
package protocol CheckpointReader: AnyObject {
    /// Fills `destination` with elements in C order, little-endian; it has exactly their size.
    func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer)
        throws(ConversionError)
}
