/// The bounds of SPEC.md §14: what a reader accepts before it reserves memory for it.
public enum Limits {
    /// Entries of the section table.
    public static let sections = 64
    /// Bytes of the model description.
    public static let modelBytes = 1 << 20
    /// Nesting of arrays and objects in any JSON text.
    public static let jsonDepth = 32
    /// Values in any JSON text: what they take in memory is many times the text.
    package static let jsonValues = 1 << 23
    /// Bytes of a configuration file carried along.
    public static let configBytes = 16 << 20
    /// Bytes of a tensor's name or a bank's path.
    public static let nameBytes = 4096
    /// Dimensions of a tensor.
    public static let rank = 32
    /// Bytes of a chunk when decoded.
    public static let chunkBytes = 16 << 20
    /// log2 of the largest zstd window.
    public static let zstdWindowLog = 24
    /// Experts in a bank.
    public static let experts = 1 << 20
    /// Members of a set.
    public static let members = 65_535
    /// Bytes of a directory page.
    package static let pageBytes = 16_384
}
