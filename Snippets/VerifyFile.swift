// Checks everything in a file: every hash, every chunk, every rule of the specification.

// snippet.hide
import MoEFormat

let path = CommandLine.arguments.dropFirst().first ?? "fixtures/written/mixtral.moe"
// snippet.show
let file = try ModelFile(opening: path)
let verification = try Verification(of: file)
if verification.isWhole {
    print("\(verification.checkedTensors) tensors in \(verification.checkedChunks) chunks are whole")
} else {
    for finding in verification.findings { print(finding) }
}
