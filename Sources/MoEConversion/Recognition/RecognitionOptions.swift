package import MoEFormat

/// Which layouts may be recognised.
package enum LayoutChoice: Hashable, Sendable {
    /// Every layout of the table.
    case auto
    /// None: every tensor is dense.
    case dense
    /// The layout of that name, as `ExpertLayout.names` lists them.
    case named(String)

    /// The choice as the command line writes it.
    package init(_ name: String) throws(RecognitionError) {
        switch name {
        case "auto": self = .auto
        case "dense": self = .dense
        default:
            guard ExpertLayout.names.contains(name) else {
                throw .usage(
                    "there is no layout \(quoted(name)); known are auto, dense, \(ExpertLayout.names.joined(separator: ", "))"
                )
            }
            self = .named(name)
        }
    }
}

/// What the user says about a checkpoint beside its own configuration.
package struct RecognitionOptions: Sendable {
    package var layout: LayoutChoice
    /// Replaces the names of the layouts by patterns of the user's own.
    package var map: TensorMap?
    /// Overrides the number of experts a token.
    package var topK: Int?
    /// A router object of SPEC.md §9.2 that overrides the routing of every layer.
    package var router: JSONValue?

    package init(layout: LayoutChoice = .auto, map: TensorMap? = nil, topK: Int? = nil, router: JSONValue? = nil) {
        self.layout = layout
        self.map = map
        self.topK = topK
        self.router = router
    }
}

/// A string from a file as messages show it: quoted, escaped and not too long.
func quoted(_ text: some StringProtocol) -> String {
    JSONValue.string(text.count > 160 ? text.prefix(157) + "..." : String(text)).text
}
