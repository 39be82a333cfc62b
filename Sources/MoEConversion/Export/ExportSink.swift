/// A file of another format that is being written from a checkpoint.
protocol ExportSink: AnyObject {
    /// The tensors whose elements are written, in the order in which the sink wants them.
    var order: [Int] { get }

    /// Whether a tensor must come in one piece.
    func takesWhole(_ tensor: Int) -> Bool

    /// Takes a run of a tensor's elements, little-endian; runs come in ascending order, tensors in `order`. The bytes are the
    /// sink's to change.
    func write(_ bytes: UnsafeMutableRawBufferPointer, tensor: Int, elements: Range<UInt64>) throws(ConversionError)

    /// Nothing more comes: the file is handed to the system.
    func finish() throws(ConversionError)
}
