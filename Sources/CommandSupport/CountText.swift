extension BinaryInteger {
    /// The number with its noun, as in `1 tensor` and `65 tensors`.
    package func counting(_ noun: String) -> String { "\(self) \(noun)\(self == 1 ? "" : "s")" }
}
