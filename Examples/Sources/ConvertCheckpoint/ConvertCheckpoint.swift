import MoEConversion

/// Converts a checkpoint from Swift: `ConvertCheckpoint checkpoint.h5 model.moe`.
@main
struct ConvertCheckpoint {
    static func main() throws {
        // HDF5 is read in a child process, which is this program started again: it must ask first what it is.
        CheckpointConverter.serveIfWorker()

        let arguments = CommandLine.arguments
        guard arguments.count == 3 else {
            print("usage: ConvertCheckpoint INPUT OUTPUT")
            return
        }
        var options = CheckpointConverter.Options()
        options.replacesOutput = true
        options.checksOutput = true
        let summary = try CheckpointConverter(options).convert(arguments[1], to: arguments[2])

        print("\(summary.tensorCount) tensors in \(summary.layerCount) MoE layers and beside them")
        print("\(summary.tensorBytes) bytes became a file of \(summary.fileBytes)")
        for warning in summary.warnings { print("warning: \(warning)") }
    }
}
