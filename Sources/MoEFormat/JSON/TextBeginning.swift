extension String {
    /// The first Unicode scalars of the text, with an ellipsis where there are more.
    ///
    /// Not characters: one character may go on for as long as a file is.
    package func beginning(_ count: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(scalars.startIndex, offsetBy: count, limitedBy: scalars.endIndex),
            end < scalars.endIndex
        else { return self }
        return String(scalars[..<end]) + "…"
    }
}
