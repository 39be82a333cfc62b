/// An open HDF5 file: what is in it, and those elements that only libhdf5 can decode.
///
/// Two kinds: `HDF5InProcessSession` calls the library here, `HDF5WorkerSession` in a child process. Both may be used by
/// several threads at once; calls that reach the library take turns.
package protocol HDF5Session: AnyObject, Sendable {
    var catalog: HDF5Catalog { get }

    /// The elements of a box inside a dataset, in C order: raw bytes as in the file or, for datatypes with variable-length
    /// parts, serialised as `HDF5Attribute.value` is.
    ///
    /// - Parameters:
    ///   - start: the first element, one coordinate an axis; empty for a scalar dataset.
    ///   - extent: the number of elements along each axis; each at least 1.
    /// - Throws: `HDF5Error`; of kind `usage` for a box outside the dataset, `limit` for more bytes than
    ///   `HDF5Limits.answerBytes`.
    func readBox(of dataset: HDF5ObjectID, start: [UInt64], extent: [UInt64]) throws(HDF5Error) -> [UInt8]
}

/// What becomes of links that lead to other files.
package enum HDF5ExternalLinks: UInt8, Sendable {
    /// A file with an external link is refused.
    case refused
    /// Those are followed that lead to files in the input's own directory.
    case followed
    /// They are listed, and lead nowhere.
    case unfollowed
}

/// How a file is opened.
package struct HDF5Options: Equatable, Sendable {
    package var externalLinks: HDF5ExternalLinks
    package var limits: HDF5Limits

    package init(externalLinks: HDF5ExternalLinks = .refused, limits: HDF5Limits = .standard) {
        self.externalLinks = externalLinks
        self.limits = limits
    }
}

extension HDF5Session {
    /// The elements of a range in C order, as `readBox` gives them.
    package func readElements(of dataset: HDF5ObjectID, _ range: Range<UInt64>) throws(HDF5Error) -> [UInt8] {
        guard let description = catalog[dataset]?.dataset else {
            throw .usage("there is no dataset \(dataset.rawValue)")
        }
        guard range.upperBound <= description.elementCount else {
            throw .usage("elements \(range) lie outside a dataset of \(description.elementCount)")
        }
        guard !description.dimensions.isEmpty else {
            return range.isEmpty ? [] : try readBox(of: dataset, start: [], extent: [])
        }
        var bytes: [UInt8] = []
        for box in HDF5Box.covering(range, of: description.dimensions) {
            bytes += try readBox(of: dataset, start: box.start, extent: box.extent)
        }
        return bytes
    }
}
