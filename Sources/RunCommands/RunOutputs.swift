import CommandSupport
import MoESystem

/// The files that a run writes: begun before it computes, so that what cannot be created is told at once; they appear together.
///
/// They replace what has their names: they are results of a run, not data. The files that the run reads are data.
struct RunOutputs {
    private var files: [AtomicOutput] = []

    /// - Parameter inputs: files that no output may replace.
    /// - Throws: `CommandFailure`.
    init(_ paths: [String], sparing inputs: [String]) throws {
        let spared = inputs.compactMap { input in (try? ReadableFile(opening: input)).map { (input, $0.identity) } }
        for path in paths {
            if let identity = (try? ReadableFile(opening: path))?.identity,
                let input = spared.first(where: { $0.1 == identity })?.0
            {
                throw CommandFailure(.usage, "the output \(path) is the input \(input)")
            }
            do throws(SystemError) {
                files.append(try AtomicOutput(path, replacing: true))
            } catch {
                throw CommandFailure(writing: error)
            }
        }
    }

    /// Writes the files, one content for each path, and gives them their names.
    func commit(_ contents: [[UInt8]]) throws {
        do throws(SystemError) {
            for (file, content) in zip(files, contents) { try file.write(content) }
            try AtomicOutput.commit(files)
        } catch {
            throw CommandFailure(writing: error)
        }
    }
}
