import HDF5Source

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

@main
struct HDF5TestWorkerTool {
    static func main() {
        exit(HDF5WorkerMain.run(arguments: CommandLine.arguments) ?? 64)
    }
}
