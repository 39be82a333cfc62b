import MoESystem

extension HDF5DatasetReader {
    /// Asks the system to read ahead what a range of elements needs; a hint. O(chunks touched).
    package func willRead(_ elements: Range<UInt64>) {
        if let range = fileRange(of: elements) {
            file.willNeed(range)
        } else {
            for chunk in chunks(touching: elements) {
                // A validated catalog's chunks lie inside the file.
                file.willNeed(chunk.fileOffset..<chunk.fileOffset &+ chunk.storedSize)
            }
        }
    }
}
