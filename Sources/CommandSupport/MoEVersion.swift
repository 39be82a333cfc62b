/// The project's version, as `--version` prints it.
package enum MoEVersion {
    package static let text = "swift-moe 0.1.0 (format 1.0)"
}
