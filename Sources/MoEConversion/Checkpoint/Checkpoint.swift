package import MoEFormat

/// A tensor that a checkpoint offers: what it is, none of its data.
package struct CheckpointTensor: Equatable, Sendable {
    /// As the file will call it, unique in the checkpoint.
    package var name: String
    package var dtype: Dtype
    package var shape: [Int]

    package init(name: String, dtype: Dtype, shape: [Int]) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
    }

    /// Product of the shape; a checkpoint offers no tensor whose elements cannot be counted in 63 bits.
    package var elementCount: UInt64 { shape.reduce(1) { $0 * UInt64($1) } }

    package var byteCount: UInt64 { elementCount * UInt64(dtype.byteCount ?? 0) }

    /// Elements of the last dimension; 1 for a scalar.
    package var rowLength: UInt64 { UInt64(shape.last ?? 1) }
}

/// A source of tensors: HDF5, and whatever comes after it.
///
/// Listing is done; reading is by element range, from several threads at once, each with its own reader.
package protocol Checkpoint: AnyObject, Sendable {
    /// In a stable order that depends on the input alone.
    var tensors: [CheckpointTensor] { get }

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
}

/// One thread's way to the elements of a checkpoint.
package protocol CheckpointReader: AnyObject {
    /// Fills `destination` with elements in C order, little-endian; it has exactly their size.
    func read(tensor: Int, elements: Range<UInt64>, into destination: UnsafeMutableRawBufferPointer) throws(ConversionError)
}
