/// How one plane of one chunk is stored: SPEC.md §11.
enum PlaneMode: UInt32 {
    case stored = 0
    case constant
    case zstd
}

/// The word that a chunk's plane header has for each plane.
struct PlaneWord {
    static let encodedSize = 4
    private static let lengthBits: UInt32 = 30

    let mode: PlaneMode
    let storedLength: Int

    init(_ mode: PlaneMode, storedLength: Int) {
        self.mode = mode
        self.storedLength = storedLength
    }

    /// - Parameter elements: of the chunk; what the word says must fit them.
    /// - Throws: `FormatError` by R72.
    init(_ word: UInt32, elements: Int) throws(FormatError) {
        guard let mode = PlaneMode(rawValue: word >> Self.lengthBits) else {
            throw .broken(.planeLengths, "a plane has the unassigned mode 3")
        }
        let length = Int(word & (1 << Self.lengthBits - 1))
        let fits =
            switch mode {
            case .stored: length == elements
            case .constant: length == 1
            // Whether it is a frame, decoding tells.
            case .zstd: true
            }
        guard fits else {
            throw .broken(
                .planeLengths, "a plane of \(elements) bytes is stored in \(length), which its mode does not allow")
        }
        self.mode = mode
        self.storedLength = length
    }

    var encoded: UInt32 { mode.rawValue << Self.lengthBits | UInt32(storedLength) }
}
